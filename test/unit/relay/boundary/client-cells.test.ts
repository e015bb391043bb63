import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { clientPrefix } from '../../../../src/relay/boundary/client-cells.ts';
import { ClientRates, createClientRateMemory } from '../../../../src/relay/boundary/client-rates.ts';
import { ClientSessions, createClientSessionMemory } from '../../../../src/relay/boundary/client-sessions.ts';

describe('a client', () => {
  test.each([
    ['10.0.0.1', '10.0.0.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
    ['2001:DB8:1:2::', '2001:db8:1:2'],
    ['2001:db8::1', '2001:db8:0:0'],
    ['fe80::1%eth0', 'fe80:0:0:0'],
    ['::1', '0:0:0:0'],
    ['1:2:3:4:5::', '1:2:3:4'],
    ['::2:3:4:5:6:7', '0:0:2:3'],
  ])('at %s counts as %s', (host, prefix) => {
    expect(clientPrefix(host)).toBe(prefix);
  });

  test('counts as something, whatever its address is', () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV6(), fc.string()), (host) => {
        expect(clientPrefix(host)).toBeTypeOf('string');
      }),
    );
  });
});

describe('sessions per client', () => {
  test('are limited over all workers, separately for each client and service', () => {
    const memory = createClientSessionMemory(2, 1);
    const [first, second] = [new ClientSessions(memory, 0), new ClientSessions(memory, 1)];
    const place = first.acquire('shop/api', '10.0.0.1', 2);
    expect(second.acquire('shop/api', '10.0.0.1', 2)).toBeDefined();
    expect(first.acquire('shop/api', '10.0.0.1', 2)).toBeUndefined();
    expect(second.acquire('shop/api', '10.0.0.2', 2)).toBeDefined();
    expect(second.acquire('shop/web', '10.0.0.1', 2)).toBeDefined();
    if (place !== undefined) first.release(place);
    expect(second.acquire('shop/api', '10.0.0.1', 2)).toBeDefined();
  });

  test('of a worker that died are no longer counted', () => {
    const memory = createClientSessionMemory(2, 1);
    const [dead, alive] = [new ClientSessions(memory, 0), new ClientSessions(memory, 1)];
    alive.acquire('api', '10.0.0.1', 3);
    dead.acquire('api', '10.0.0.1', 3);
    dead.acquire('api', '10.0.0.1', 3);
    dead.clear();
    expect(alive.acquire('api', '10.0.0.1', 2)).toBeDefined();
    expect(alive.acquire('api', '10.0.0.1', 2)).toBeUndefined();
  });

  test('are counted in a table of fixed size, whose cells go to others when a client has left', () => {
    const sessions = new ClientSessions(createClientSessionMemory(1, 1, 8), 0);
    const places = Array.from({ length: 8 }, (_, index) => sessions.acquire('api', `10.0.0.${index}`, 1));
    expect(new Set(places).size).toBe(8);
    // No client is rejected for lack of a cell; a client that has a cell is held to its limit.
    expect(sessions.acquire('api', '10.0.1.1', 1)).toBeDefined();
    expect(sessions.acquire('api', '10.0.1.1', 1)).toBeDefined();
    expect(sessions.acquire('api', '10.0.0.7', 1)).toBeUndefined();
    sessions.release(places[3] ?? 0);
    expect(sessions.acquire('api', '10.0.1.1', 1)).toBe(places[3]);
    expect(sessions.acquire('api', '10.0.1.1', 1)).toBeUndefined();
  });

  test('are counted correctly whichever clients come and go, in any order', () => {
    const step = fc.record({ client: fc.nat(5), worker: fc.nat(1), leaves: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 100 }), fc.nat(3), (steps, limit) => {
        const memory = createClientSessionMemory(2, 7);
        const workers = [new ClientSessions(memory, 0), new ClientSessions(memory, 1)];
        const held: { readonly client: number; readonly worker: number; readonly place: number }[] = [];
        for (const { client, worker, leaves } of steps) {
          if (leaves) {
            const left = held.pop();
            if (left) workers[left.worker]?.release(left.place);
            continue;
          }
          const place = workers[worker]?.acquire('api', `10.0.0.${client}`, limit);
          expect(place !== undefined).toBe(held.filter((one) => one.client === client).length < limit);
          if (place !== undefined) held.push({ client, worker, place });
        }
      }),
    );
  });

  test('never pass the limit when threads race for the last one', async () => {
    const memory = createClientSessionMemory(3, 1);
    const held = new Int32Array(new SharedArrayBuffer(4));
    const url = new URL('../../../support/sockets/entering-worker.ts', import.meta.url);
    const outcomes = await Promise.all(
      [0, 1, 2].map(async (index) => {
        const worker = new Worker(url, { workerData: { memory, index, limit: 2, places: 2_000, held } });
        const [outcome] = (await once(worker, 'message')) as [{ readonly exceeded: number }];
        return outcome;
      }),
    );
    expect(outcomes).toEqual(outcomes.map(() => ({ exceeded: 0 })));
  });
});

describe('the rate of a client', () => {
  const rate = { perSecond: 10, burst: 3 };
  const start = Date.UTC(2026, 0, 1);
  const admitted = (rates: ClientRates, count: number, nowMs: number, client = '10.0.0.1'): number =>
    Array.from({ length: count }, () => rates.admit('api', client, rate, nowMs)).filter(Boolean).length;

  test('allows the burst at once, then so many a second, and the burst again after a rest', () => {
    const rates = new ClientRates(createClientRateMemory(1));
    expect(admitted(rates, 10, start)).toBe(3);
    expect(admitted(rates, 10, start + 99)).toBe(0);
    expect(admitted(rates, 10, start + 100)).toBe(1);
    expect(admitted(rates, 10, start + 350)).toBe(2);
    expect(admitted(rates, 10, start + 60_000)).toBe(3);
  });

  test('is shared by all workers, and separate for each client and service', () => {
    const memory = createClientRateMemory(1);
    const [first, second] = [new ClientRates(memory), new ClientRates(memory)];
    expect(admitted(first, 2, start)).toBe(2);
    expect(admitted(second, 2, start)).toBe(1);
    expect(admitted(second, 9, start, '10.0.0.2')).toBe(3);
    expect(second.admit('web', '10.0.0.1', rate, start)).toBe(true);
  });

  test('locks no client out when the clock is set back', () => {
    const rates = new ClientRates(createClientRateMemory(1));
    expect(admitted(rates, 3, start)).toBe(3);
    expect(admitted(rates, 10, start - 3_600_000)).toBe(3);
    expect(admitted(rates, 10, start - 3_600_000 + 100)).toBe(1);
  });

  test('is kept in a table of fixed size: ten thousand clients leave room for the next', () => {
    const rates = new ClientRates(createClientRateMemory(1, 64));
    const addresses = Array.from({ length: 10_000 }, (_, client) => `10.0.${client >> 8}.${client & 255}`);
    const isIn = addresses.map((address, client) => rates.admit('api', address, rate, start + client * 1_000));
    expect(isIn).not.toContain(false);
    expect(admitted(rates, 10, start + 20_000_000)).toBe(3);
  });

  test('over any time is never more than the burst and the rate allow', () => {
    const gaps = fc.array(fc.nat(400), { minLength: 1, maxLength: 100 });
    const rateOf = fc.record({ perSecond: fc.integer({ min: 1, max: 1_000 }), burst: fc.integer({ min: 1, max: 20 }) });
    fc.assert(
      fc.property(gaps, rateOf, (waits, { perSecond, burst }) => {
        const rates = new ClientRates(createClientRateMemory(1));
        let now = start;
        let count = 0;
        for (const wait of waits) {
          now += wait;
          if (rates.admit('api', '10.0.0.1', { perSecond, burst }, now)) count += 1;
          const allowed = burst + ((now - start) * perSecond) / 1_000;
          expect(count).toBeLessThanOrEqual(allowed + 0.01 * count + 1e-6);
        }
        expect(count).toBeGreaterThan(0);
      }),
    );
  });
});
