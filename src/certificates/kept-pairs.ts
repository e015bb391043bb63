import { createHash, createPrivateKey, X509Certificate } from 'node:crypto';
import { lstat, mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { PemPair } from './authority.ts';
import { fileNameOf } from './certificate-name.ts';
import { writePair, type PairPaths } from './pem-files.ts';

/**
 * Keeps the certificates that are made for names on the disk, beside the authority that signed them, so that a name has the
 * same one after a restart. Only the owner of the files can read them.
 */
interface Period {
  readonly fromMs: number;
  readonly untilMs: number;
}

/** Undefined where none is kept, or it is another authority's, or not valid in all of the period. */
export async function readKept(
  folder: string,
  name: string,
  authority: PemPair,
  period: Period,
): Promise<PemPair | undefined> {
  const paths = pathsOf(folder, name);
  try {
    const [certificate, key] = await Promise.all([readFile(paths.certificate, 'utf8'), readFile(paths.key, 'utf8')]);
    return isGood({ certificate, key }, name, authority, period) ? { certificate, key } : undefined;
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

/** What is kept of names that are gone, so that they have the same certificates when they return. */
const spare = { files: 2_000, ms: 30 * 24 * 3_600_000 };
/** Such a file is there for milliseconds, unless its writer ended. */
const halfWrittenMs = 3_600_000;

/** Removes what is kept of names that are not needed any more, and what a crash left behind. Never rejects. */
export async function sweepKept(folder: string, needed: Iterable<string>, nowMs: number): Promise<void> {
  const place = placeIn(folder);
  const paths = [...needed].map((name) => pathsOf(folder, name));
  const kept = new Set(paths.flatMap(({ certificate, key }) => [basename(certificate), basename(key)]));
  const files = await readdir(place).catch((): string[] => []);
  const others = files.filter((file) => /\.(?:crt|key)(?:\.[\da-f]{12}\.tmp)?$/.test(file) && !kept.has(file));
  const aged = await Promise.all(
    others.map(async (file) => ({ file, ageMs: nowMs - (await modifiedMs(place, file)) })),
  );
  const youngest = aged.toSorted((a, b) => a.ageMs - b.ageMs);
  const over = youngest.filter(({ file, ageMs }, index) => {
    const mostMs = file.endsWith('.tmp') ? halfWrittenMs : spare.ms;
    return ageMs > mostMs || index >= spare.files;
  });
  for (const { file } of over) await rm(join(place, file), { force: true }).catch(() => undefined);
}

async function modifiedMs(place: string, file: string): Promise<number> {
  // A file that is gone meanwhile needs no removal.
  return lstat(join(place, file)).then(
    ({ mtimeMs }) => mtimeMs,
    () => Number.POSITIVE_INFINITY,
  );
}

function isGood({ certificate, key }: PemPair, name: string, authority: PemPair, { fromMs, untilMs }: Period): boolean {
  const leaf = new X509Certificate(certificate);
  const issuer = new X509Certificate(authority.certificate);
  const expiresAtMs = Math.min(leaf.validToDate.getTime(), issuer.validToDate.getTime());
  return (
    leaf.subjectAltName === `DNS:${name}` &&
    leaf.validFromDate.getTime() <= fromMs &&
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
