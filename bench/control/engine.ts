import { startFakeEngine } from '../../test/support/fake-engine/fake-engine.ts';
import type { FakeContainerSpec } from '../../test/support/fake-engine/containers.ts';

/**
 * A separate process that simulates a Docker engine with many labelled containers, so that its work does not count as
 * Sealane's. It receives orders over IPC.
 */
export type Order =
  /** One container ends and starts again. */
  | { readonly kind: 'restart'; readonly index: number }
  /** Requests the number of calls of each kind so far. */
  | { readonly kind: 'calls' };

export type Report =
  | { readonly kind: 'up'; readonly url: string }
  | { readonly kind: 'calls'; readonly lists: number; readonly inspects: number };

/** Each service has its own port and `replicas` containers; `first` is the number of the engine's first container. */
const [count = 0, first = 0, firstPort = 0, replicas = 10] = process.argv.slice(2).map(Number);
await using engine = await startFakeEngine({ firstId: first });
const ids = Array.from({ length: count }, (_, index) => engine.run(specOf(first + index)));
const ended = Promise.withResolvers<void>();
process.on('disconnect', () => ended.resolve());
process.on('message', (order: Order) => {
  if (order.kind === 'calls') return tell(countCalls());
  const id = ids[order.index % ids.length] ?? '';
  engine.die(id);
  engine.start(id);
});
tell({ kind: 'up', url: engine.url });
await ended.promise;

function specOf(index: number): FakeContainerSpec {
  const service = Math.floor(index / replicas);
  return {
    labels: {
      'sealane.port': '80',
      'sealane.listen': String(firstPort + service),
      'sealane.pool': `service-${service}`,
      // No process has these addresses, so they must not be probed.
      'sealane.health': 'none',
      'com.docker.compose.project': 'bench',
      'com.docker.compose.service': `service-${service}`,
      'com.docker.compose.container-number': String((index % replicas) + 1),
    },
    networks: {
      bridge: { networkId: 'net-bridge', ip: `127.${10 + (index >> 16)}.${(index >> 8) & 255}.${index & 255}` },
    },
  };
}

function countCalls(): Report {
  const lists = engine.requests.filter((one) => one === 'GET /containers/json').length;
  const inspects = engine.requests.filter((one) => /^GET \/containers\/[^/]+\/json$/.test(one)).length;
  return { kind: 'calls', lists, inspects };
}

function tell(report: Report): void {
  process.send?.(report);
}
