import { randomBytes } from 'node:crypto';
import { link, mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ConfigError } from '../config/config-error.ts';
import { printable } from '../text/printable.ts';
import { createAuthority, whyUnusable, type PemPair } from './authority.ts';

/**
 * Certificates and keys as files. Each file is written beside its place and moved there when it is whole, so that no
 * reader ever sees half of it. Only the owner of the files can read them.
 */
export interface PairPaths {
  readonly certificate: string;
  readonly key: string;
}

interface AuthorityFiles {
  readonly pair: PemPair;
  readonly paths: PairPaths;
  /** Whether the authority was made just now. */
  readonly isNew: boolean;
}

/** File names of our own authority and of mkcert's. A machine that trusts mkcert's need not trust a second one. */
const authorityNames = [
  { certificate: 'ca.crt', key: 'ca.key' },
  { certificate: 'rootCA.pem', key: 'rootCA-key.pem' },
] as const;

/** Opens the authority in `folder`, and makes one where there is none. @throws ConfigError */
export async function openAuthority(folder: string, owner: string, now: Date): Promise<AuthorityFiles> {
  const found = await readAuthority(folder, now);
  if (found) return { ...found, isNew: false };
  const pair = await createAuthority(owner, now);
  return { pair, paths: await keepAuthority(folder, pair), isNew: true };
}

/** Reads the authority in `folder`; undefined where there is none. @throws ConfigError, of which `UnusableAuthority` */
export async function readAuthority(folder: string, now: Date): Promise<Omit<AuthorityFiles, 'isNew'> | undefined> {
  for (const names of authorityNames) {
    const paths = { certificate: join(folder, names.certificate), key: join(folder, names.key) };
    const [certificate, key] = [await readIfThere(paths.certificate), await readIfThere(paths.key)];
    if (certificate === undefined && key === undefined) continue;
    if (certificate === undefined || key === undefined)
      throw new UnusableAuthority(paths, `${certificate === undefined ? 'the certificate' : 'the key'} is missing`);
    const reason = whyUnusable({ certificate, key }, now);
    if (reason !== undefined) throw new UnusableAuthority(paths, reason);
    return { pair: { certificate, key }, paths };
  }
  return undefined;
}

/** Writes a new authority. One that another process made meanwhile is never overwritten. @throws ConfigError */
export async function keepAuthority(folder: string, pair: PemPair): Promise<PairPaths> {
  const paths = { certificate: join(folder, 'ca.crt'), key: join(folder, 'ca.key') };
  await writing(folder, async () => {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    // The certificates of an authority that is overwritten would become worthless.
    await writeWhole(paths.key, pair.key, link);
    await writeWhole(paths.certificate, pair.certificate, rename);
  });
  return paths;
}

/** Writes the pair over an existing one, which renews a certificate. @throws ConfigError */
export async function writePair(paths: PairPaths, pair: PemPair): Promise<void> {
  const folder = dirname(paths.certificate);
  await writing(folder, async () => {
    await mkdir(folder, { recursive: true });
    await writeWhole(paths.key, pair.key, rename);
    await writeWhole(paths.certificate, pair.certificate, rename);
  });
}

async function writeWhole(path: string, text: string, place: typeof rename): Promise<void> {
  const beside = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    const file = await open(beside, 'wx', 0o600);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await place(beside, path);
  } finally {
    await rm(beside, { force: true });
  }
}

async function writing(folder: string, write: () => Promise<void>): Promise<void> {
  try {
    await write();
  } catch (error) {
    const { code = 'UNKNOWN', path = folder } = error as NodeJS.ErrnoException;
    const why = writeErrors[code] ?? code;
    throw new ConfigError(`cannot write ${printable(path)}: ${why}`, { cause: error });
  }
}

const writeErrors: Readonly<Record<string, string>> = {
  EACCES: 'permission denied; name another folder',
  EROFS: 'it is on a file system that is read-only; name another folder',
  EEXIST: 'another Sealane has just made it; run it again',
  ENOTDIR: 'it is inside something that is not a folder',
  ENOSPC: 'the disk is full',
};

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new ConfigError(`cannot read ${printable(path)}: ${code}`, { cause: error });
  }
}

/** There is an authority, and it can't sign. */
export class UnusableAuthority extends ConfigError {
  /** What is wrong, and what to do about it, each in one line. */
  readonly what: string;
  readonly fix: string;

  constructor({ certificate, key }: PairPaths, reason: string) {
    const what = `the authority ${printable(certificate)} can’t be used: ${reason}`;
    const fix = `move it and ${printable(key)} away to have a new one made`;
    super(`${what}; ${fix}`);
    this.what = what;
    this.fix = fix;
  }
}
