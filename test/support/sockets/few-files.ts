import { closeSync, openSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { DriverName } from '../../../src/relay/boundary/messages.ts';
import { planeRig, until } from './rig.ts';
import { listener, pool, table, upstream } from './tables.ts';
import { tlsSpec } from './tls.ts';

/**
 * A process with a relay of its own, for tests that limit how many files it may open. It prints its ports, with TLS,
 * without, and of a database; then it obeys each line of its input, and prints the relay's state. It ends with its input.
 */
const [, , driver, upstreamPort, workerUrl = '', endsTls] = process.argv;
const rig = planeRig(driver as DriverName, { workerUrl: new URL(workerUrl), endsTls: endsTls === 'true' });
const upstreams = [upstream('api-1', { port: Number(upstreamPort) })];
const listeners = [
  { ...listener('shop/tls'), tls: 'terminate' as const },
  listener('shop/plain'),
  { ...listener('shop/database'), postgres: true },
];
/** The upstreams of the database, each of which gets every CancelRequest; one server is all of them. */
const replicas = Array.from({ length: 20 }, (_, nth) => upstream(`db-${nth}`, { port: Number(upstreamPort) }));
publish(upstreams);
await until(() => rig.statuses.all.length === listeners.length);
const bound = listeners.map(({ key }) => rig.statuses.all.find((one) => one.key === key)?.status);
print(bound.map((status) => (status?.kind === 'listening' ? status.port : 0)));
const taken: number[] = [];
for await (const line of createInterface(process.stdin)) {
  if (line === 'have no upstream') publish([]);
  if (line === 'have an upstream') publish(upstreams);
  if (line === 'take all files') takeAll();
  if (line === 'give them back') for (const fd of taken.splice(0)) closeSync(fd);
  const { suspects, log } = rig;
  print({
    ...rig.totals(),
    suspects: suspects.all,
    warnings: log.all.filter((one) => one.includes('EMFILE')),
  });
}
await rig.close();

function takeAll(): void {
  try {
    for (;;) taken.push(openSync('/dev/null', 'r'));
  } catch {
    // No more files can be opened.
  }
}

function publish(present: typeof upstreams): void {
  const pools = listeners.map(({ service, postgres }) =>
    pool(postgres ? replicas : present, { service: service ?? '' }),
  );
  rig.publish({ ...table(pools, listeners), tls: tlsSpec() });
}

function print(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}
