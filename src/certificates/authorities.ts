import { X509Certificate } from 'node:crypto';
import type { Problem } from '../catalog/problem.ts';
import { certificateProblems } from './certificate-problems.ts';
import { watchPemFiles, type PemFiles } from './pem-watch.ts';
import type { Flaw } from './read-certificate.ts';
import type { CertificateStoreParts } from './store.ts';

/**
 * The authorities that files hold, in one text; files that are broken are passed over.
 */
export interface AuthorityStore {
  /** PEM; undefined where no path was given. Empty: nobody is trusted. */
  authorities(): string | undefined;
  problems(): readonly Problem[];
  stop(): void;
}

const block = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** All were read when it resolves. */
export async function openAuthorityStore(
  { clock, onChange }: CertificateStoreParts,
  paths: readonly string[],
): Promise<AuthorityStore> {
  let current: { readonly pem: string; readonly flaws: readonly Flaw[] } = { pem: '', flaws: [] };
  let isNew = false;
  const watch = await watchPemFiles(clock, paths, {
    onRead(files) {
      current = readAuthorities(files);
      isNew = true;
    },
    onLooked() {
      if (isNew) onChange();
      isNew = false;
    },
  });
  isNew = false;
  return {
    authorities: () => (paths.length === 0 ? undefined : current.pem),
    problems: () => certificateProblems({ found: [], flaws: current.flaws }, 0),
    stop: () => watch.stop(),
  };
}

function readAuthorities({ files, flaws: unreadable }: PemFiles): { pem: string; flaws: readonly Flaw[] } {
  const flaws: Flaw[] = [...unreadable];
  const good: string[] = [];
  for (const { path, text } of files) {
    const blocks = text.match(block) ?? [];
    // Keys lie beside them; only authorities are read here.
    if (blocks.length === 0 && text.includes('PRIVATE KEY-----')) continue;
    if (blocks.length > 0 && blocks.every(isCertificate)) good.push(...blocks);
    else flaws.push({ path, message: 'it holds no certificate in PEM, or one that can’t be read', fix: 'Restore it.' });
  }
  return { pem: good.map((one) => `${one}\n`).join(''), flaws };
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).serialNumber !== '';
  } catch {
    return false;
  }
}
