import { dirname } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Problem } from '../catalog/problem.ts';
import type { CertificateSpec } from '../relay/boundary/table.ts';
import type { Clock } from '../time/clock.ts';
import { certificateProblems } from './certificate-problems.ts';
import { watchPemFiles, type PemFiles } from './pem-watch.ts';
import { readCertificates, type Purpose, type Reading } from './read-certificate.ts';

/**
 * Owns the certificates that files hold now. A certificate whose file has become unusable stays in use as it was.
 */
export interface CertificateStore {
  /** The certificates; the same array until the files are read again. */
  certificates(): readonly CertificateSpec[];
  problems(): readonly Problem[];
  stop(): void;
}

export interface CertificateStoreParts {
  readonly clock: Clock;
  /** Called when files were read again, or when a certificate is about to expire. */
  readonly onChange: () => void;
}

/** Resolves once all files have been read. `paths`: see `watchPemFiles`. */
export async function openCertificateStore(
  { clock, onChange }: CertificateStoreParts,
  paths: readonly string[],
  purpose: Purpose = 'server',
): Promise<CertificateStore> {
  let reading: Reading = { found: [], errors: [] };
  let certificates: readonly CertificateSpec[] = [];
  let problems: readonly Problem[] = [];
  let isNew = false;
  const watch = await watchPemFiles(clock, paths, {
    onRead(files) {
      reading = keepGood(files, readCertificates(files.files, purpose), reading);
      certificates = reading.found.map(({ spec }) => spec);
      isNew = true;
    },
    onPolled() {
      const before = problems;
      problems = certificateProblems(reading, clock.wallMs());
      if (isNew || !isDeepStrictEqual(problems, before)) onChange();
      isNew = false;
    },
  });
  problems = certificateProblems(reading, clock.wallMs());
  isNew = false;
  return { certificates: () => certificates, problems: () => problems, stop: () => watch.stop() };
}

/** Keeps the earlier certificate of a file that is still there while the file, or one beside it, is faulty. */
function keepGood({ files, errors: unreadable }: PemFiles, { found, errors }: Reading, before: Reading): Reading {
  const all = [...unreadable, ...errors];
  const withErrors = new Set(all.map(({ path }) => dirname(path)));
  const order = [...files, ...unreadable].map(({ path }) => path);
  const good = new Map(found.map((one) => [one.path, one]));
  for (const one of before.found) {
    if (!good.has(one.path) && order.includes(one.path) && withErrors.has(dirname(one.path))) good.set(one.path, one);
  }
  return {
    found: [...good.values()].sort((a, b) => order.indexOf(a.path) - order.indexOf(b.path)),
    errors: all,
  };
}
