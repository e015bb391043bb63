import { expect, it } from 'vitest';
import { emptyCatalog, type Catalog } from '../../../../src/catalog/catalog.ts';
import { Broadcast } from '../../../../src/daemon/broadcast.ts';
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

interface Scene {
  readonly swaps: Swaps;
  readonly standIns: StandIns;
  readonly clock: ManualClock;
  readonly catalogs: Broadcast<[Catalog]>;
}

function swapsWith(wake: (service: string) => unknown, applied = (): Promise<void> => Promise.resolve()): Scene {
  const clock = new ManualClock();
  const catalogs = new Broadcast<[Catalog]>();
  const standIns = createStandIns({ clock, onChange: () => undefined, announce: () => undefined });
  const swaps = createSwaps({
    clock,
    standIns,
    engines: { home: () => undefined },
    relay: { plane: { closeSessionsOf: () => undefined, applied } },
    activation: { wake },
    loop: { catalog: () => emptyCatalog, catalogs },
  });
  return { swaps, standIns, clock, catalogs };
}

const whole = { ...asked, id: 'one', service: 'shop/api', percent: 100 };

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
  const late = swaps.take(whole);
  standIns.take({ ...whole, address: 'localhost:3000' }, { endpoints: [], advice: '' });
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

it('answers that a service is given back once no relay thread gives the process a session any more', async () => {
  const done: string[] = [];
  const applied = Promise.withResolvers<void>();
  const { swaps, standIns, catalogs } = swapsWith(
    () => undefined,
    () => applied.promise.then(() => void done.push('applied')),
  );
  await swaps.take(whole);
  const given = swaps.giveBack('shop/api', 'one').then(() => done.push('given back'));
  expect(standIns.of('shop/api')).toBeUndefined();
  catalogs.tell(emptyCatalog);
  await turns();
  expect(done).toEqual([]);
  applied.resolve();
  await given;
  expect(done).toEqual(['applied', 'given back']);
});

it('gives a service back although a relay thread is stuck, and at once one that another stand-in serves', async () => {
  const { swaps, standIns, clock, catalogs } = swapsWith(
    () => undefined,
    () => new Promise<never>(() => undefined),
  );
  await swaps.take(whole);
  await swaps.take({ ...whole, id: 'two' });
  await swaps.giveBack('shop/api', 'one');
  const given = swaps.giveBack('shop/api', 'two');
  catalogs.tell(emptyCatalog);
  await turns();
  clock.advance(1_000);
  await given;
  expect(standIns.leasesOf('shop/api')).toEqual([]);
});

/** Lets all promises that are resolved call what waits for them. */
async function turns(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}
