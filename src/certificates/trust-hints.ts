import { shellWord } from '../text/shell-word.ts';

/**
 * Instructions that make each kind of client trust an authority. Text only: the decision to trust stays with the
 * person.
 */
interface TrustHint {
  readonly who: string;
  readonly how: string;
}

export function trustHints(certificate: string): readonly TrustHint[] {
  const file = shellWord(certificate);
  return [
    { who: 'curl', how: `curl --cacert ${file} https://…` },
    { who: 'Node', how: `NODE_EXTRA_CA_CERTS=${file} node …` },
    {
      who: 'Debian, Ubuntu',
      how: `sudo install -m 644 ${file} /usr/local/share/ca-certificates/sealane.crt && sudo update-ca-certificates`,
    },
    {
      who: 'Chromium',
      how: `certutil -d sql:$HOME/.pki/nssdb -A -t C,, -n sealane -i ${file}    # of libnss3-tools`,
    },
    {
      who: 'Firefox',
      how: `for p in ~/.mozilla/firefox/*.default*; do certutil -d sql:"$p" -A -t C,, -n sealane -i ${file}; done`,
    },
    {
      who: 'macOS',
      how: `sudo security add-trusted-cert -d -r trustRoot -k /Library/Keychains/System.keychain ${file}`,
    },
    { who: 'Fedora', how: `sudo trust anchor ${file}` },
    { who: 'Windows', how: `certutil -user -addstore Root ${file}    # for Edge and Chrome` },
  ];
}
