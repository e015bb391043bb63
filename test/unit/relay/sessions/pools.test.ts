import { expect, test } from 'vitest';
import { createAccessMemory } from '../../../../src/relay/boundary/access-memory.ts';
import { openAccess } from '../../../../src/relay/intake/access-policy.ts';
import { CounterWriter, createCounterMemory, overflowSlot } from '../../../../src/relay/boundary/counters.ts';
import { Pool } from '../../../../src/relay/sessions/pool.ts';
import { Pools } from '../../../../src/relay/sessions/pools.ts';
import type { CloseReason } from '../../../../src/relay/boundary/report.ts';
import { ManualClock } from '../../../support/manual-clock.ts';
import { FakeChannel } from '../../../support/sockets/fake-channel.ts';
import { pool, upstream } from '../../../support/sockets/tables.ts';

function createPools() {
  const clock = new ManualClock();
  const counters = new CounterWriter(createCounterMemory(1, 16), 0);
  const reasons: CloseReason[] = [];
  const collaborators = {
    clock,
    random: () => 0.5,
    counters,
    onRecord: ({ reason }: { readonly reason: CloseReason }) => void reasons.push(reason),
    onSuspect: () => {},
    onResourceWarning: () => {},
    access: openAccess(createAccessMemory(1, Math.random), 0),
  };
  const pools = new Pools((spec) => new Pool(collaborators, spec));
  return {
    clock,
    reasons,
    held: () => ({ described: counters.heldOf(1), others: counters.heldOf(overflowSlot) }),
    services: () => [...pools.services],
    /** Applies the changes of a table: pools that are new or changed, and services that left it. */
    change: (changed: Parameters<Pools['change']>[0], removed: readonly string[] = []): void => {
      const described = new Set(changed.map(({ service }) => service));
      pools.change(changed, removed, {
        upstream: () => 1,
        service: (service) => (described.has(service) ? 1 : overflowSlot),
      });
      pools.forgetIdle();
    },
    come: (service: string): FakeChannel => {
      const channel = new FakeChannel();
      pools.poolFor(service).admit(channel, 'listener');
      return channel;
    },
  };
}

test('clients of a service that no table has described wait, and are served in order once one does', () => {
  const { come, change, services, reasons } = createPools();
  const [first, second] = [come('shop/api'), come('shop/api')];
  change([pool([], { service: 'shop/web' })]);
  expect(services()).toEqual(['shop/api', 'shop/web']);
  change([pool([upstream('a', { port: 1 })])]);
  expect([first.dials, second.dials]).toEqual([[1], []]);
  first.answer();
  expect(second.dials).toEqual([1]);
  second.answer();
  expect([first.phase, second.phase]).toEqual(['relaying', 'relaying']);
  expect(reasons).toEqual([]);
});

test('a service that no table has described is forgotten by the next table after its last client left', () => {
  const { come, change, services } = createPools();
  const [first, second] = [come('shop/api'), come('shop/api')];
  first.leave();
  change([]);
  expect(services()).toEqual(['shop/api']);
  second.leave();
  change([]);
  expect(services()).toEqual([]);
});

test('clients wait for an unknown service ten seconds, as for any other, and then it is forgotten', () => {
  const { come, change, services, clock, reasons } = createPools();
  come('shop/api');
  clock.advance(9_999);
  expect(reasons).toEqual([]);
  clock.advance(1);
  expect(reasons).toEqual(['hold-expired']);
  change([]);
  expect(services()).toEqual([]);
});

test('a service that a table has described stays without clients, by the rules of the table', () => {
  const { come, change, services, clock, reasons } = createPools();
  come('shop/api').leave();
  change([pool([], { holdMs: 60_000 })]);
  change([]);
  expect(services()).toEqual(['shop/api']);
  come('shop/api');
  clock.advance(30_000);
  expect(reasons).toEqual(['client-gave-up']);
});

test('a service that left the table keeps its clients waiting by its rules, and is forgotten after the last', () => {
  const { come, change, services, clock, reasons } = createPools();
  change([pool([], { holdMs: 60_000 })]);
  const waiting = come('shop/api');
  change([], ['shop/api']);
  clock.advance(30_000);
  expect(reasons).toEqual([]);
  expect(services()).toEqual(['shop/api']);
  change([pool([upstream('a', { port: 1 })], { holdMs: 60_000 })]);
  expect(waiting.dials).toEqual([1]);
  waiting.answer();
  change([], ['shop/api']);
  waiting.end();
  change([]);
  expect(services()).toEqual([]);
});

test('held clients count for their service while a table describes it, and else in the shared slot', () => {
  const { come, change, held, clock } = createPools();
  const [first, second] = [come('shop/api'), come('shop/api')];
  expect(held()).toEqual({ described: 0, others: 2 });
  change([pool([])]);
  expect(held()).toEqual({ described: 2, others: 0 });
  first.leave();
  change([], ['shop/api']);
  expect(held()).toEqual({ described: 0, others: 1 });
  change([pool([])]);
  expect(held()).toEqual({ described: 1, others: 0 });
  clock.advance(60_000);
  expect([second.phase, held()]).toEqual(['aborted', { described: 0, others: 0 }]);
});
