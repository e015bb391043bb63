import { describe, expect, it } from 'vitest';
import type { Change } from '../../../src/catalog/diff.ts';
import { createStandIns, type AskedStandIn } from '../../../src/reconcile/stand-ins.ts';
import { ManualClock } from '../../support/manual-clock.ts';

const place = { endpoints: [{ host: '127.0.0.1', port: 3000 }], advice: 'Let it listen.' };

function rig() {
  const clock = new ManualClock();
  const told: Change[] = [];
  const changes = { count: 0 };
  const standIns = createStandIns({
    clock,
    onChange: () => (changes.count += 1),
    announce: (change) => void told.push(change),
  });
  const asked = (id: string, over: Partial<AskedStandIn> = {}): AskedStandIn => ({
    id,
    service: 'shop/api',
    address: 'localhost:3000',
    owner: `owner of ${id}`,
    percent: 100,
    strict: false,
    leaseMs: 5_000,
    yields: false,
    ...over,
  });
  return {
    clock,
    told,
    changes,
    standIns,
    take: (id: string, over?: Partial<AskedStandIn>) => standIns.take(asked(id, over), place),
    serving: () => standIns.of('shop/api')?.id,
  };
}

describe('a lease', () => {
  it('lasts for as long as it is renewed, and runs out five seconds after the last time', () => {
    const { clock, standIns, take, serving, told } = rig();
    take('a');
    for (let second = 0; second < 60; second++) {
      clock.advance(1_000);
      expect(standIns.renew('shop/api', 'a')).toBeDefined();
    }
    clock.advance(4_999);
    expect(serving()).toBe('a');
    clock.advance(1);
    expect(serving()).toBeUndefined();
    expect(standIns.renew('shop/api', 'a')).toBeUndefined();
    expect(told.map(({ event, level, reason }) => [event, level, reason])).toEqual([
      ['stand-in-taken', 'info', undefined],
      ['stand-in-ended', 'warn', 'its lease of 5s ran out'],
    ]);
    expect(clock.nextDelayMs()).toBeUndefined();
  });

  it('that is not renewed has a fixed end, as with `--for 1h`', () => {
    const { clock, take, serving } = rig();
    take('a', { leaseMs: 3_600_000 });
    clock.advance(3_599_999);
    expect(serving()).toBe('a');
    clock.advance(1);
    expect(serving()).toBeUndefined();
  });

  it('that was given back ends at once, and is remembered as given back', () => {
    const { standIns, take, serving, changes } = rig();
    take('a');
    expect(standIns.giveBack('shop/api', 'b')).toBeUndefined();
    expect(standIns.giveBack('shop/api', 'a')?.standIn.id).toBe('a');
    const wasGivenBack = (service: string, id: string): boolean => standIns.wasGivenBack(service, id);
    expect([serving(), wasGivenBack('shop/api', 'a'), wasGivenBack('shop/api', 'b')]).toEqual([undefined, true, false]);
    expect(wasGivenBack('shop/web', 'a')).toBe(false);
    expect(changes.count).toBe(2);
  });
});

describe('of several stand-ins of one service', () => {
  it('the last that was taken serves, and the one before it serves again afterwards', () => {
    const { standIns, take, serving, told } = rig();
    take('a');
    take('b');
    expect(standIns.leasesOf('shop/api').map(({ standIn }) => standIn.id)).toEqual(['b', 'a']);
    expect(told.at(-1)?.message).toContain('the stand-in localhost:3000 of owner of a waits');
    standIns.giveBack('shop/api', 'b');
    expect(serving()).toBe('a');
    expect(told.at(-1)?.message).toContain('the stand-in localhost:3000 of owner of a serves');
  });

  it('one that waits may end without a change for the one that serves', () => {
    const { clock, standIns, take, serving, changes } = rig();
    take('a');
    clock.advance(1_000);
    take('b');
    const before = changes.count;
    clock.advance(4_000);
    expect([standIns.leasesOf('shop/api').length, serving(), changes.count]).toEqual([1, 'b', before]);
  });

  it('one whose owner had lost its lease for a while does not push out the others', () => {
    const { standIns, take, serving } = rig();
    take('b');
    take('a', { yields: true });
    expect(serving()).toBe('b');
    standIns.giveBack('shop/api', 'b');
    expect(serving()).toBe('a');
  });

  it('those of other services do not count, nor are they its own upstream where an owner gave them one id', () => {
    const { standIns, take } = rig();
    const { standIn } = take('a');
    const other = take('a', { service: 'shop/web' });
    expect(other.standIn.upstream.key).not.toBe(standIn.upstream.key);
    standIns.giveBack('shop/web', 'a');
    take('b', { service: 'web' });
    expect([standIns.of('shop/api')?.id, standIns.of('web')?.id, standIns.of('db')]).toEqual(['a', 'b', undefined]);
    expect(standIns.taken).toBe(3);
  });
});
