import { expect, it } from 'vitest';
import { emptyCatalog } from '../../../../src/catalog/catalog.ts';
import { createSwaps } from '../../../../src/daemon/swap/swaps.ts';
import { createStandIns } from '../../../../src/reconcile/stand-ins.ts';
import { ManualClock } from '../../../support/manual-clock.ts';

it('wakes the containers of a service once, where a stand-in is to get a share of its clients only', async () => {
  const clock = new ManualClock();
  const woken: string[] = [];
  const swaps = createSwaps({
    clock,
    standIns: createStandIns({ clock, onChange: () => undefined, announce: () => undefined }),
    engines: { home: () => undefined },
    relay: { plane: { closeSessionsOf: () => undefined } },
    activation: { wake: (service) => woken.push(service) },
    catalog: () => emptyCatalog,
  });
  const address = { host: '127.0.0.1', port: 3000 };
  const asked = {
    address,
    shown: 'localhost:3000',
    owner: 'anna',
    strict: false,
    drain: false,
    leaseMs: 5_000,
    yields: false,
  };
  await swaps.take({ ...asked, id: 'whole', service: 'shop/api', percent: 100 });
  for (let second = 0; second < 3; second++)
    await swaps.take({ ...asked, id: 'some', service: 'shop/web', percent: 20 });
  expect(woken).toEqual(['shop/web']);
});
