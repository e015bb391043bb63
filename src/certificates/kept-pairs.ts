import { createHash, createPrivateKey, X509Certificate } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { PemPair } from './authority.ts';
import { fileNameOf } from './certificate-name.ts';
import { writePair, type PairPaths } from './pem-files.ts';

/**
 * Keeps the certificates that are made for names on the disk, beside the authority that signed them, so that a name has the
 * same one after a restart. Only the owner of the files can read them.
 */
/** Undefined where none is kept, or it is another authority's, or is over by `untilMs`. */
export async function readKept(
  folder: string,
  name: string,
  authority: PemPair,
  untilMs: number,
): Promise<PemPair | undefined> {
  const paths = pathsOf(folder, name);
  try {
    const [certificate, key] = await Promise.all([readFile(paths.certificate, 'utf8'), readFile(paths.key, 'utf8')]);
    return isGood({ certificate, key }, name, authority, untilMs) ? { certificate, key } : undefined;
  } catch {
    // A file that is missing or can't be read is replaced.
    return undefined;
  }
}

/** @throws ConfigError where the files can't be written */
export async function keepPair(folder: string, name: string, pair: PemPair): Promise<void> {
  // Where the folder can't be made, the pair can't be written either, which says why.
  await mkdir(placeIn(folder), { recursive: true, mode: 0o700 }).catch(() => undefined);
  await writePair(pathsOf(folder, name), pair);
}

function isGood({ certificate, key }: PemPair, name: string, authority: PemPair, untilMs: number): boolean {
  const leaf = new X509Certificate(certificate);
  const issuer = new X509Certificate(authority.certificate);
  const expiresAtMs = Math.min(leaf.validToDate.getTime(), issuer.validToDate.getTime());
  return (
    leaf.subjectAltName === `DNS:${name}` &&
    expiresAtMs > untilMs &&
    leaf.checkPrivateKey(createPrivateKey(key)) &&
    leaf.checkIssued(issuer) &&
    leaf.verify(issuer.publicKey)
  );
}

function placeIn(folder: string): string {
  return join(folder, 'names');
}

/** The longest file name that file systems take is about as long as the longest name. */
const longestStem = 200;

function pathsOf(folder: string, name: string): PairPaths {
  const plain = fileNameOf(name);
  const hash = createHash('sha256').update(name).digest('hex').slice(0, 16);
  const stem = plain.length <= longestStem ? plain : `${plain.slice(0, longestStem)}-${hash}`;
  return { certificate: join(placeIn(folder), `${stem}.crt`), key: join(placeIn(folder), `${stem}.key`) };
}
