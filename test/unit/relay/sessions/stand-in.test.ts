import { describe, expect, test } from 'vitest';
import { FakeChannel } from '../../../support/sockets/fake-channel.ts';
import { createPool, type PoolRig } from '../../../support/sockets/pool.ts';
import { upstream } from '../../../support/sockets/tables.ts';

const a = upstream('a', { port: 1 });
const b = upstream('b', { port: 2 });
const standIn = upstream('mine', { port: 9, standInPercent: 100 });

/** The ports that new clients dial first, each of which is answered. */
function firstPorts({ admit }: PoolRig, count: number): (number | undefined)[] {
  return Array.from({ length: count }, () => {
    const client = admit();
    client.answer();
    return client.dials[0];
  });
}

describe('a stand-in', () => {
  test.each(['least-connections', 'round-robin', 'random', 'source-hash', 'first'] as const)(
    'gets all new sessions of a pool that is balanced by %s, whatever the weights',
    (balance) => {
      const rig = createPool([a, { ...b, weight: 256 }], { balance });
      const old = rig.admit();
      old.answer();
      rig.apply([a, { ...b, weight: 256 }, standIn]);
      expect(firstPorts(rig, 20)).toEqual(Array.from({ length: 20 }, () => 9));
      expect(old.phase).toBe('relaying');
      rig.apply([a, b, { ...standIn, availability: 'unavailable' }]);
      expect(firstPorts(rig, 4)).not.toContain(9);
    },
  );

  test('gets its share at even distances', () => {
    const rig = createPool([a, { ...standIn, standInPercent: 20 }]);
    expect(firstPorts(rig, 10)).toEqual([9, 1, 1, 1, 1, 9, 1, 1, 1, 1]);
  });

  test('gets the same clients again where clients stick to upstreams, about its share of them', () => {
    const rig = createPool([a, b, { ...standIn, standInPercent: 20 }], { balance: 'source-hash' });
    const portOf = (client: string): number | undefined => {
      const channel = new FakeChannel(client);
      rig.pool.admit(channel, 'listener');
      channel.answer();
      return channel.dials[0];
    };
    const clients = Array.from({ length: 500 }, (_, index) => `10.0.${index >> 8}.${index & 255}:5000`);
    const ports = clients.map(portOf);
    expect(clients.map(portOf)).toEqual(ports);
    const share = ports.filter((port) => port === 9).length;
    expect(share).toBeGreaterThan(60);
    expect(share).toBeLessThan(140);
  });

  test('that refuses is left for the others at once, without a failed session, and returns when it was probed', () => {
    const rig = createPool([a, standIn]);
    const client = rig.admit();
    client.refuse();
    client.answer();
    expect([client.dials, client.phase]).toEqual([[9, 1], 'relaying']);
    expect(rig.suspects).toEqual(['mine: ECONNREFUSED 127.0.0.1:9']);
    expect(firstPorts(rig, 3)).toEqual([1, 1, 1]);
    rig.apply([a, { ...standIn, availability: 'suspect' }]);
    rig.apply([a, standIn]);
    expect(firstPorts(rig, 3)).toEqual([9, 9, 9]);
    expect(rig.records).toEqual([]);
  });

  test('is the last resort for sessions that are not of its share', () => {
    const rig = createPool([a, { ...standIn, standInPercent: 1 }]);
    firstPorts(rig, 1);
    const client = rig.admit();
    client.refuse();
    client.answer();
    expect([client.dials, client.phase]).toEqual([[1, 9], 'relaying']);
  });

  test('is not raced by another upstream while it takes its time to answer', () => {
    const rig = createPool([a, standIn], { connectTimeoutMs: 2_000 });
    const client = rig.admit();
    rig.clock.advance(1_999);
    expect(client.dials.filter((port) => port !== 9)).toEqual([]);
    rig.clock.advance(1);
    expect(client.dials.at(-1)).toBe(1);
  });

  test('alone holds its clients while it refuses, as with `--strict`', () => {
    const rig = createPool([{ ...a, availability: 'unavailable' }, standIn]);
    const client = rig.admit();
    client.refuse();
    expect([client.dials, rig.held()]).toEqual([[9], 1]);
    rig.clock.advance(300);
    client.answer();
    expect([new Set(client.dials), client.phase, rig.held()]).toEqual([new Set([9]), 'relaying', 0]);
  });
});

test('sessions that are older than a swap are closed, and those that began since then stay', () => {
  const rig = createPool([a]);
  const old = rig.admit();
  old.answer();
  rig.clock.advance(100);
  const young = rig.admit();
  young.answer();
  rig.clock.advance(50);
  rig.pool.closeSessionsOf('a', 'operator', 100);
  expect([old.phase, young.phase]).toEqual(['aborted', 'relaying']);
});
