import { churn } from '../support/sockets/churn.ts';
import { planeRig } from '../support/sockets/rig.ts';
import { openFiles } from '../support/sockets/splice.ts';

/**
 * `npm run soak:splice [sessions] [seed]`: 100,000 random sessions through the splice driver while upstreams come and
 * go. Bytes, counters, descriptors and memory are checked. 140,000 sessions take ten minutes on two busy cores.
 */
const sessions = Number(process.argv[2] ?? 100_000);
const seed = Number(process.argv[3] ?? Date.now() % 1_000_000);
const round = 5_000;
let failed = false;
const before = openFiles();
const residentMib: number[] = [];
for (let done = 0; done < sessions; done += round) {
  const rig = planeRig('splice', { workers: done % (2 * round) === 0 ? 1 : 2 });
  const result = await churn(rig, {
    sessions: Math.min(round, sessions - done),
    concurrency: 200,
    seed: seed + done,
    tableEveryMs: 250,
  });
  await rig.close();
  const left = openFiles() - before;
  const megabytes = Math.round(result.bytes / 1e6);
  const resident = Math.round(process.memoryUsage.rss() / 1024 / 1024);
  residentMib.push(resident);
  const facts = [
    `${result.sessions} sessions`,
    `${megabytes} MB`,
    `${left} descriptors left`,
    `${resident} MiB resident`,
  ];
  process.stdout.write(`seed ${seed + done}: ${facts.join(', ')}\n`);
  for (const problem of result.problems) process.stdout.write(`  ${problem}\n`);
  failed ||= result.problems.length > 0 || left > 2;
}
// The first half warms up. In the second half memory must not grow by more than the garbage collector's variance.
const half = residentMib.length >> 1;
const growth = Math.max(...residentMib.slice(half)) / Math.max(...residentMib.slice(0, half));
if (half >= 4 && growth > 1.2) {
  process.stdout.write(`memory grew by ${Math.round((growth - 1) * 100)} % in the second half\n`);
  failed = true;
}
process.stdout.write(failed ? 'FAILED\n' : 'passed\n');
process.exitCode = failed ? 1 : 0;
