import { X509Certificate } from 'node:crypto';
import type { Problem } from '../catalog/problem.ts';
import { certificateProblems } from './certificate-problems.ts';
import { watchPemFiles, type PemFiles } from './pem-watch.ts';
import type { PemError } from './read-certificate.ts';
import type { CertificateStoreParts } from './store.ts';

/**
 * Holds the certificate authorities that files contain, joined to one PEM text. Broken files are skipped.
 */
interface AuthorityStore {
  /** PEM. Undefined where no path was given; empty where no authority is trusted. */
  authorities(): string | undefined;
  problems(): readonly Problem[];
  stop(): void;
}

const block = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** Resolves once all files have been read. */
export async function openAuthorityStore(
  { clock, onChange }: CertificateStoreParts,
  paths: readonly string[],
): Promise<AuthorityStore> {
  let current: { readonly pem: string; readonly errors: readonly PemError[] } = { pem: '', errors: [] };
  let isNew = false;
  const watch = await watchPemFiles(clock, paths, {
    onRead(files) {
      current = readAuthorities(files);
      isNew = true;
    },
    onPolled() {
      if (isNew) onChange();
      isNew = false;
    },
  });
  isNew = false;
  return {
    authorities: () => (paths.length === 0 ? undefined : current.pem),
    problems: () => certificateProblems({ found: [], errors: current.errors }, 0),
    stop: () => watch.stop(),
  };
}

function readAuthorities({ files, errors: unreadable }: PemFiles): { pem: string; errors: readonly PemError[] } {
  const errors: PemError[] = [...unreadable];
  const good: string[] = [];
  for (const { path, text } of files) {
    const blocks = text.match(block) ?? [];
    // Keys may lie beside the authorities; only authorities are read here.
    if (blocks.length === 0 && text.includes('PRIVATE KEY-----')) continue;
    if (blocks.length > 0 && blocks.every(isCertificate)) good.push(...blocks);
    else
      errors.push({ path, message: 'it holds no certificate in PEM, or one that can’t be read', fix: 'Restore it.' });
  }
  return { pem: good.map((one) => `${one}\n`).join(''), errors };
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).serialNumber !== '';
  } catch {
    return false;
  }
}
