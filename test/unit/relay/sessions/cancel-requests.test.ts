import { expect, test } from 'vitest';
import type { Endpoint, UpstreamSpec } from '../../../../src/relay/boundary/table.ts';
import type { Delivery } from '../../../../src/relay/driver/driver.ts';
import { clientInfoOf } from '../../../../src/relay/intake/client-info.ts';
import { nothingDetected } from '../../../../src/relay/intake/detect/step.ts';
import { CancelRequests } from '../../../../src/relay/sessions/cancel-requests.ts';
import { FakeChannel } from '../../../support/sockets/fake-channel.ts';
import { createPool } from '../../../support/sockets/pool.ts';
import { upstream } from '../../../support/sockets/tables.ts';

const [one, two, three] = [1, 2, 3].map((port) => ({ host: '127.0.0.1', port })) as [Endpoint, Endpoint, Endpoint];
const container = upstream('a', { endpoints: [one, two, three], ownsAddresses: true });

test.each<[string, readonly UpstreamSpec[], readonly number[]]>([
  ['still has its addresses', [container], [1, 2]],
  ['has lost the next address', [{ ...container, endpoints: [one, three] }], [1, 3]],
  ['has lost all others', [{ ...container, endpoints: [one] }], [1]],
  ['has left the table', [], [1]],
])('a request to cancel a query goes to no other container: its upstream %s', (_, after, dialed) => {
  const { pool, clock, counters, records, apply } = createPool([container]);
  const deliveries: Delivery[] = [];
  const ends: ((isDelivered: boolean) => void)[] = [];
  const requests = new CancelRequests({
    driver: {
      clock,
      hasRoomToSpare: true,
      deliver(delivery, onOver) {
        deliveries.push(delivery);
        ends.push(onOver);
        return () => {};
      },
    },
    counters,
    onRecord: (record) => void records.push(record),
    poolFor: () => pool,
  });
  const channel = new FakeChannel();
  const clientInfo = clientInfoOf(channel.client, 0, nothingDetected);
  requests.receive({ channel, listener: 'l', clientInfo, request: Uint8Array.of(1) }, ['s']);
  apply(after);
  ends[0]?.(false);
  expect(deliveries.map(({ endpoint }) => endpoint.port)).toEqual(dialed);
  ends[1]?.(true);
  expect(records).toMatchObject([{ reason: 'finished' }]);
});
