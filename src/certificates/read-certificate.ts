import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import type { CertificateSpec } from '../relay/boundary/table.ts';
import { printable } from '../text/printable.ts';

/**
 * The text of PEM files to certificates that clients can be offered, and to what is wrong with the others. Which key
 * belongs to which certificate is told by the keys themselves, not by the files' names. Values in, values out.
 */
export interface PemFile {
  readonly path: string;
  readonly text: string;
}

/** What is wrong with a file; both safe to print. */
export interface Flaw {
  readonly path: string;
  readonly message: string;
  readonly fix: string;
}

/** A certificate, and where it came from. */
export interface FoundCertificate {
  readonly path: string;
  readonly spec: CertificateSpec;
  readonly expiresAtMs: number;
}

export interface Reading {
  readonly found: readonly FoundCertificate[];
  readonly flaws: readonly Flaw[];
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
/** What a certificate is to prove: who a server is, or who its client is. */
export type Purpose = 'server' | 'client';

const usage = { server: '1.3.6.1.5.5.7.3.1', client: '1.3.6.1.5.5.7.3.2', any: '2.5.29.37.0' } as const;

/** Files of one folder, or those that were named together. */
export function readCertificates(files: readonly PemFile[], purpose: Purpose = 'server'): Reading {
  const flaws: Flaw[] = [];
  const chains: Chain[] = [];
  const keys: Key[] = [];
  for (const file of files) {
    const chain = readChain(file, flaws);
    const key = readKey(file, flaws);
    if (chain) chains.push(chain);
    if (key) keys.push(key);
    if (!chain && !key && flaws.at(-1)?.path !== file.path) {
      flaws.push({
        path: file.path,
        message: 'it holds neither a certificate nor a private key in PEM',
        fix: 'Convert it (openssl x509 -inform der …), or move it elsewhere.',
      });
    }
  }
  const found = longest(chains.filter(({ leaf }) => isFor(leaf, purpose))).flatMap((chain) => {
    const one = pair(chain, keys, flaws);
    return one ? [one] : [];
  });
  return { found, flaws };
}

function readChain({ path, text }: PemFile, flaws: Flaw[]): Chain | undefined {
  const blocks = text.match(certificateBlock) ?? [];
  const [first] = blocks;
  if (first === undefined) return undefined;
  try {
    const leaf = new X509Certificate(first);
    return { path, pem: `${blocks.join('\n')}\n`, length: blocks.length, leaf };
  } catch (error) {
    flaws.push({ path, message: `its certificate can’t be read (${reason(error)})`, fix: 'Have it issued again.' });
    return undefined;
  }
}

function readKey({ path, text }: PemFile, flaws: Flaw[]): Key | undefined {
  const [pem] = keyBlock.exec(text) ?? [];
  if (pem === undefined) return undefined;
  if (/^-----BEGIN ENCRYPTED|^Proc-Type: 4,ENCRYPTED/m.test(pem)) {
    const fix = 'Take it off: openssl pkey -in KEY -out KEY.';
    flaws.push({ path, message: 'its private key has a passphrase, and nobody is there to type it', fix });
    return undefined;
  }
  try {
    return { path, pem: `${pem}\n`, key: createPrivateKey(pem) };
  } catch (error) {
    flaws.push({
      path,
      message: `its private key can’t be read (${reason(error)})`,
      fix: 'Restore it, or have both made again.',
    });
    return undefined;
  }
}

/**
 * An authority's own, or one for something else, may lie beside those that are wanted. One that a server has signed itself
 * is an authority's by the letter as well (`openssl req -x509`), but says for which hosts it is.
 */
function isFor({ ca, keyUsage, subjectAltName = '' }: X509Certificate, purpose: Purpose): boolean {
  // Extended key usages, which Node calls key usages.
  const usages: readonly string[] = keyUsage ?? [];
  const isAuthority = ca && !/(?:^|, )(?:DNS|IP Address):/.test(subjectAltName);
  return !isAuthority && (usages.length === 0 || usages.includes(usage[purpose]) || usages.includes(usage.any));
}

/** The same certificate may be there alone and with its chain (certbot's cert.pem and fullchain.pem). */
function longest(chains: readonly Chain[]): readonly Chain[] {
  const best = new Map<string, Chain>();
  for (const chain of chains) {
    const { fingerprint256 } = chain.leaf;
    if (chain.length > (best.get(fingerprint256)?.length ?? 0)) best.set(fingerprint256, chain);
  }
  return [...best.values()];
}

function pair({ path, pem, leaf }: Chain, keys: readonly Key[], flaws: Flaw[]): FoundCertificate | undefined {
  const key = keys.find((one) => leaf.checkPrivateKey(one.key));
  const stem = stemOf(path);
  const namesake = keys.find((one) => stemOf(one.path) === stem);
  if (!key && namesake) {
    const message = `its certificate and the private key in ${printable(namesake.path)} do not belong together`;
    flaws.push({ path, message, fix: 'Put back the two that were made together.' });
  } else if (!key) {
    // What is wrong with its key's file has been said.
    if (flaws.some((flaw) => stemOf(flaw.path) === stem)) return undefined;
    const message = 'no private key beside it belongs to its certificate';
    flaws.push({ path, message, fix: `Put the key into the same file, or beside it as ${printable(stem)}.key.` });
  }
  if (!key) return undefined;
  const refusal = refusedByOpenssl(pem, key.pem);
  if (refusal !== undefined) {
    flaws.push({ path, message: `its certificate can’t be used (${refusal})`, fix: 'Have it made again.' });
    return undefined;
  }
  const spec = { names: namesOf(leaf), chain: pem, key: key.pem };
  return { path, spec, expiresAtMs: leaf.validToDate.getTime() };
}

/** What no longer meets its security level, such as an RSA key of 1024 bits. */
function refusedByOpenssl(cert: string, key: string): string | undefined {
  try {
    createSecureContext({ cert, key });
    return undefined;
  } catch (error) {
    return reason(error);
  }
}

/** DNS names in lower case; names that would have to be quoted are no host's. */
function namesOf({ subjectAltName = '' }: X509Certificate): readonly string[] {
  const names = subjectAltName.matchAll(/(?:^|, )DNS:((?:\*\.)?[\w-]+(?:\.[\w-]+)*)(?=,|$)/g);
  return [...names].map(([, name = '']) => name.toLowerCase());
}

/** `x` of `x.crt`, `x.key`, `x-key.pem`; certbot's two are namesakes as well. */
function stemOf(path: string): string {
  return path.replace(/(?:[.-]key)?\.[^./]+$/, '').replace(/(^|\/)(?:fullchain|privkey|cert)$/, '$1');
}

function reason(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException & { readonly reason?: string };
  const text = (error as { readonly reason?: string }).reason ?? message ?? code ?? 'unknown';
  return printable(text.replace(/^error:[0-9A-F]+:/, ''), 120);
}
