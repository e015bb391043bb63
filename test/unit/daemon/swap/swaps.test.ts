import { expect, it } from 'vitest';
import { emptyCatalog } from '../../../../src/catalog/catalog.ts';
import { createSwaps, type Swaps } from '../../../../src/daemon/swap/swaps.ts';
import { createStandIns, type StandIns } from '../../../../src/reconcile/stand-ins.ts';
import { ManualClock } from '../../../support/manual-clock.ts';

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

function swapsWith(wake: (service: string) => unknown): { readonly swaps: Swaps; readonly standIns: StandIns } {
  const clock = new ManualClock();
  const standIns = createStandIns({ clock, onChange: () => undefined, announce: () => undefined });
  const swaps = createSwaps({
    clock,
    standIns,
    engines: { home: () => undefined },
    relay: { plane: { closeSessionsOf: () => undefined } },
    activation: { wake },
    catalog: () => emptyCatalog,
  });
  return { swaps, standIns };
}

it('takes no more stand-ins of one service than there may be, also of requests at the same time', async () => {
  const { swaps, standIns } = swapsWith(() => undefined);
  const requests = Array.from({ length: 100 }, (_, index) =>
    swaps.take({ ...asked, id: `id-${index}`, service: 'shop/api', percent: 100 }),
  );
  const answers = await Promise.all(requests);
  expect(standIns.leasesOf('shop/api')).toHaveLength(16);
  expect(answers[99]).toMatch(/^shop\/api has 16 stand-ins/);
});

it('does not take a service again that was given back while the address was looked up', async () => {
  const { swaps, standIns } = swapsWith(() => undefined);
  const one = { ...asked, id: 'one', service: 'shop/api', percent: 100 };
  const late = swaps.take(one);
  standIns.take({ ...one, address: 'localhost:3000' }, { endpoints: [], advice: '' });
  standIns.giveBack('shop/api', 'one');
  expect(await late).toMatch(/given back/);
  expect(standIns.leasesOf('shop/api')).toEqual([]);
});

it('wakes the containers of a service once, where a stand-in is to get a share of its clients only', async () => {
  const woken: string[] = [];
  const { swaps } = swapsWith((service) => woken.push(service));
  await swaps.take({ ...asked, id: 'whole', service: 'shop/api', percent: 100 });
  for (let second = 0; second < 3; second++)
    await swaps.take({ ...asked, id: 'some', service: 'shop/web', percent: 20 });
  expect(woken).toEqual(['shop/web']);
});
