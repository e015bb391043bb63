import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import type { CertificateSpec } from '../relay/boundary/table.ts';
import { printable } from '../text/printable.ts';

/**
 * Turns the text of PEM files into certificates that clients can be offered, and into the errors of the others. The
 * keys themselves tell which key belongs to which certificate, not the names of the files. Values in, values out.
 */
export interface PemFile {
  readonly path: string;
  readonly text: string;
}

/** A fault of a file; both texts are safe to print. */
export interface PemError {
  readonly path: string;
  readonly message: string;
  readonly fix: string;
}

/** A certificate with the file it came from. */
export interface FoundCertificate {
  readonly path: string;
  readonly spec: CertificateSpec;
  readonly expiresAtMs: number;
}

export interface Reading {
  readonly found: readonly FoundCertificate[];
  readonly errors: readonly PemError[];
}

interface Chain {
  readonly path: string;
  readonly pem: string;
  readonly length: number;
  readonly leaf: X509Certificate;
}

interface Key {
  readonly path: string;
  readonly pem: string;
  readonly key: KeyObject;
}

const certificateBlock = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;
const keyBlock = /-----BEGIN ((?:\w+ )?)PRIVATE KEY-----[^]+?-----END \1PRIVATE KEY-----/;
/** Whether a certificate identifies a server or a client. */
export type Purpose = 'server' | 'client';

const usage = { server: '1.3.6.1.5.5.7.3.1', client: '1.3.6.1.5.5.7.3.2', any: '2.5.29.37.0' } as const;

/** Reads the files of one folder, or files that were given together. */
export function readCertificates(files: readonly PemFile[], purpose: Purpose = 'server'): Reading {
  const errors: PemError[] = [];
  const chains: Chain[] = [];
  const keys: Key[] = [];
  for (const file of files) {
    const chain = readChain(file, errors);
    const key = readKey(file, errors);
    if (chain) chains.push(chain);
    if (key) keys.push(key);
    if (!chain && !key && errors.at(-1)?.path !== file.path) {
      errors.push({
        path: file.path,
        message: 'it holds neither a certificate nor a private key in PEM',
        fix: 'Convert it (openssl x509 -inform der …), or move it elsewhere.',
      });
    }
  }
  const found = longest(chains.filter(({ leaf }) => isFor(leaf, purpose))).flatMap((chain) => {
    const one = pair(chain, keys, errors);
    return one ? [one] : [];
  });
  return { found, errors };
}

function readChain({ path, text }: PemFile, errors: PemError[]): Chain | undefined {
  const blocks = text.match(certificateBlock) ?? [];
  const [first] = blocks;
  if (first === undefined) return undefined;
  try {
    const leaf = new X509Certificate(first);
    return { path, pem: `${blocks.join('\n')}\n`, length: blocks.length, leaf };
  } catch (error) {
    errors.push({ path, message: `its certificate can’t be read (${reason(error)})`, fix: 'Have it issued again.' });
    return undefined;
  }
}

function readKey({ path, text }: PemFile, errors: PemError[]): Key | undefined {
  const [pem] = keyBlock.exec(text) ?? [];
  if (pem === undefined) return undefined;
  if (/^-----BEGIN ENCRYPTED|^Proc-Type: 4,ENCRYPTED/m.test(pem)) {
    const fix = 'Take it off: openssl pkey -in KEY -out KEY.';
    errors.push({ path, message: "its private key has a passphrase, which Sealane can't enter", fix });
    return undefined;
  }
  try {
    return { path, pem: `${pem}\n`, key: createPrivateKey(pem) };
  } catch (error) {
    errors.push({
      path,
      message: `its private key can’t be read (${reason(error)})`,
      fix: 'Restore it, or have both made again.',
    });
    return undefined;
  }
}

/**
 * Whether a certificate serves `purpose`. An authority's own certificate may lie beside the wanted ones. A self-signed
 * certificate of a server (`openssl req -x509`) is formally an authority's as well, but it names hosts.
 */
function isFor({ ca, keyUsage, subjectAltName = '' }: X509Certificate, purpose: Purpose): boolean {
  // Node's keyUsage holds the extended key usages.
  const usages: readonly string[] = keyUsage ?? [];
  const isAuthority = ca && !/(?:^|, )(?:DNS|IP Address):/.test(subjectAltName);
  return !isAuthority && (usages.length === 0 || usages.includes(usage[purpose]) || usages.includes(usage.any));
}

/**
 * Keeps the longest chain of each certificate, which may lie alone and with its chain (certbot's cert.pem,
 * fullchain.pem).
 */
function longest(chains: readonly Chain[]): readonly Chain[] {
  const best = new Map<string, Chain>();
  for (const chain of chains) {
    const { fingerprint256 } = chain.leaf;
    if (chain.length > (best.get(fingerprint256)?.length ?? 0)) best.set(fingerprint256, chain);
  }
  return [...best.values()];
}

function pair({ path, pem, leaf }: Chain, keys: readonly Key[], errors: PemError[]): FoundCertificate | undefined {
  const key = keys.find((one) => leaf.checkPrivateKey(one.key));
  const stem = stemOf(path);
  const namesake = keys.find((one) => stemOf(one.path) === stem);
  if (!key && namesake) {
    const message = `its certificate and the private key in ${printable(namesake.path)} do not belong together`;
    errors.push({ path, message, fix: 'Put back the two that were made together.' });
  } else if (!key) {
    // The fault of the key's file has been reported already.
    if (errors.some((error) => stemOf(error.path) === stem)) return undefined;
    const message = 'no private key beside it belongs to its certificate';
    errors.push({ path, message, fix: `Put the key into the same file, or beside it as ${printable(stem)}.key.` });
  }
  if (!key) return undefined;
  const refusal = refusedByOpenssl(pem, key.pem);
  if (refusal !== undefined) {
    errors.push({ path, message: `its certificate can’t be used (${refusal})`, fix: 'Have it made again.' });
    return undefined;
  }
  const spec = { names: namesOf(leaf), chain: pem, key: key.pem };
  return { path, spec, expiresAtMs: leaf.validToDate.getTime() };
}

/** OpenSSL's reason to refuse the pair, such as an RSA key of 1024 bits; undefined when it accepts it. */
function refusedByOpenssl(cert: string, key: string): string | undefined {
  try {
    createSecureContext({ cert, key });
    return undefined;
  } catch (error) {
    return reason(error);
  }
}

/**
 * The certificate's DNS names in lower case. Names that would have to be quoted are no host names, and are left out.
 */
function namesOf({ subjectAltName = '' }: X509Certificate): readonly string[] {
  const names = subjectAltName.matchAll(/(?:^|, )DNS:((?:\*\.)?[\w-]+(?:\.[\w-]+)*)(?=,|$)/g);
  return [...names].map(([, name = '']) => name.toLowerCase());
}

/** The common stem of file names: `x` of `x.crt`, `x.key` and `x-key.pem`; certbot's two files share one as well. */
function stemOf(path: string): string {
  return path.replace(/(?:[.-]key)?\.[^./]+$/, '').replace(/(^|\/)(?:fullchain|privkey|cert)$/, '$1');
}

function reason(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException & { readonly reason?: string };
  const text = (error as { readonly reason?: string }).reason ?? message ?? code ?? 'unknown';
  return printable(text.replace(/^error:[0-9A-F]+:/, ''), 120);
}
