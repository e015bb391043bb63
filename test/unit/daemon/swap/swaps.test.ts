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

interface Scene {
  readonly swaps: Swaps;
  readonly standIns: StandIns;
  /** Once it is resolved, all that was asked for is in effect. */
  readonly effect: PromiseWithResolvers<void>;
}

function swapsWith(wake: (service: string) => unknown): Scene {
  const clock = new ManualClock();
  const effect = Promise.withResolvers<void>();
  const standIns = createStandIns({ clock, onChange: () => undefined, announce: () => undefined });
  const swaps = createSwaps({
    clock,
    standIns,
    engines: { home: () => undefined },
    relay: { plane: { closeSessionsOf: () => undefined } },
    activation: { wake },
    loop: { catalog: () => emptyCatalog },
    inEffect: () => effect.promise,
  });
  return { swaps, standIns, effect };
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

it('answers that a service is given back once that is in effect', async () => {
  const done: string[] = [];
  const { swaps, standIns, effect } = swapsWith(() => undefined);
  await swaps.take(whole);
  const given = swaps.giveBack('shop/api', 'one').then(() => done.push('given back'));
  expect(standIns.of('shop/api')).toBeUndefined();
  await turns();
  expect(done).toEqual([]);
  effect.resolve();
  await given;
});

/** Lets all promises that are resolved call what waits for them. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
