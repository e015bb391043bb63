import { dirname } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Problem } from '../catalog/problem.ts';
import type { CertificateSpec } from '../relay/boundary/table.ts';
import type { Clock } from '../time/clock.ts';
import { certificateProblems } from './certificate-problems.ts';
import { watchPemFiles, type PemFiles } from './pem-watch.ts';
import { readCertificates, type Purpose, type Reading } from './read-certificate.ts';

/**
 * The certificates that files hold now. One that can't be used any more stays in use as it was.
 */
export interface CertificateStore {
  /** The same array until they are read again. */
  certificates(): readonly CertificateSpec[];
  problems(): readonly Problem[];
  stop(): void;
}

export interface CertificateStoreParts {
  readonly clock: Clock;
  /** Something was read again, or a certificate's time is running out. */
  readonly onChange: () => void;
}

/** `paths`: see `watchPemFiles`. All were read when it resolves. */
export async function openCertificateStore(
  { clock, onChange }: CertificateStoreParts,
  paths: readonly string[],
  purpose: Purpose = 'server',
): Promise<CertificateStore> {
  let reading: Reading = { found: [], flaws: [] };
  let certificates: readonly CertificateSpec[] = [];
  let problems: readonly Problem[] = [];
  let isNew = false;
  const watch = await watchPemFiles(clock, paths, {
    onRead(files) {
      reading = keepGood(files, readCertificates(files.files, purpose), reading);
      certificates = reading.found.map(({ spec }) => spec);
      isNew = true;
    },
    onLooked() {
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

/** What was found before stays for a file that is there, while something beside it is wrong. */
function keepGood({ files, flaws: unreadable }: PemFiles, { found, flaws }: Reading, before: Reading): Reading {
  const all = [...unreadable, ...flaws];
  const troubled = new Set(all.map(({ path }) => dirname(path)));
  const order = [...files, ...unreadable].map(({ path }) => path);
  const good = new Map(found.map((one) => [one.path, one]));
  for (const one of before.found) {
    if (!good.has(one.path) && order.includes(one.path) && troubled.has(dirname(one.path))) good.set(one.path, one);
  }
  return {
    found: [...good.values()].sort((a, b) => order.indexOf(a.path) - order.indexOf(b.path)),
    flaws: all,
  };
}
