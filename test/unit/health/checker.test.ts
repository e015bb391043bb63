import { describe, expect, test } from 'vitest';
import type { Catalog } from '../../../src/catalog/catalog.ts';
import type { DeclaredUpstream, HealthPlan } from '../../../src/catalog/declaration.ts';
import type { Endpoint } from '../../../src/relay/boundary/table.ts';
import { createChecker } from '../../../src/health/checker.ts';
import type { ProbeResult } from '../../../src/health/verdict.ts';
import { declaredUpstream, plainPool } from '../../support/declared.ts';
import { ManualClock } from '../../support/manual-clock.ts';

const tcp: HealthPlan = { kind: 'tcp', intervalMs: 1_000, timeoutMs: 500, rise: 1, fall: 1 };

const declared = (key: string, over: Partial<DeclaredUpstream> = {}): DeclaredUpstream =>
  declaredUpstream(key, { health: { kind: 'readiness' }, ...over });

function catalog(...upstreams: readonly DeclaredUpstream[]): Catalog {
  const state = { kind: 'starting', sinceMs: 0, reason: '' } as const;
  const service = {
    intent: { name: 'api', routes: [], pool: plainPool, upstreams, declarers: [] },
    name: 'api',
    routes: [],
    pool: plainPool,
    declarers: [],
    lingersUntilMs: undefined,
    upstreams: upstreams.map((one) => ({ declared: one, state, weight: one.weight })),
  };
  return { services: new Map([['api', service]]), problems: [], nextDeadlineMs: undefined };
}

/** A checker whose probes the test answers by hand. */
function setUp() {
  const clock = new ManualClock();
  const pending: { readonly host: string; readonly answer: (result: ProbeResult) => void }[] = [];
  let changes = 0;
  const checker = createChecker({
    clock,
    random: () => 0.5,
    onChange: () => (changes += 1),
    probe: ({ host }) => new Promise((resolve) => void pending.push({ host, answer: resolve })),
  });
  const answer = async (ok: boolean): Promise<void> => {
    pending.shift()?.answer(ok ? { ok } : { ok, reason: 'refused' });
    // Two promises settle between an answer and its effect.
    for (let turn = 0; turn < 5; turn += 1) await Promise.resolve();
  };
  return { clock, checker, pending, answer, changes: () => changes };
}

describe('the checker', () => {
  test('probes a new upstream at once, and no more after it has answered', async () => {
    const { clock, checker, pending, answer, changes } = setUp();
    checker.follow(catalog(declared('a')));
    await answer(false);
    expect(checker.verdictOf('a')).toEqual({ kind: 'pending', reason: 'refused' });
    clock.advance(25);
    await answer(true);
    expect(checker.verdictOf('a')).toEqual({ kind: 'fit' });
    expect(changes()).toBe(2);
    clock.advance(600_000);
    expect(pending).toHaveLength(0);
  });

  test('keeps its verdict when labels change, and probes by the new plan', async () => {
    const { clock, checker, pending, answer, changes } = setUp();
    checker.follow(catalog(declared('a')));
    await answer(true);
    checker.follow(catalog(declared('a', { health: tcp, weight: 5 })));
    expect(checker.verdictOf('a')).toEqual({ kind: 'fit' });
    expect(changes()).toBe(1);
    clock.advance(1_000);
    expect(pending).toHaveLength(1);
    await answer(false);
    expect(checker.verdictOf('a')).toEqual({ kind: 'unfit', reason: 'refused' });
  });

  test('never has more than 64 probes under way', async () => {
    const { checker, pending, answer } = setUp();
    const many = Array.from({ length: 200 }, (_, index) => declared(`u${index}`));
    checker.follow(catalog(...many));
    expect(pending).toHaveLength(64);
    for (let round = 0; round < 200; round += 1) await answer(true);
    expect(pending).toHaveLength(0);
    expect(many.every(({ key }) => checker.verdictOf(key)?.kind === 'fit')).toBe(true);
  });

  test('does not probe a paused container, and keeps its verdict until it is unpaused', async () => {
    const { clock, checker, pending, answer } = setUp();
    checker.follow(catalog(declared('a', { health: tcp })));
    await answer(true);
    checker.follow(catalog(declared('a', { health: tcp, condition: { kind: 'paused' } })));
    clock.advance(60_000);
    expect(pending).toHaveLength(0);
    expect(checker.verdictOf('a')).toEqual({ kind: 'fit' });
    checker.follow(catalog(declared('a', { health: tcp })));
    clock.advance(1_000);
    expect(pending).toHaveLength(1);
  });

  test('ignores the result of a probe whose upstream was forgotten meanwhile', async () => {
    const { checker, answer, changes } = setUp();
    checker.follow(catalog(declared('a')));
    checker.follow(catalog());
    await answer(true);
    expect(checker.verdictOf('a')).toBeUndefined();
    expect(changes()).toBe(0);
  });

  test('probes a suspect upstream until it answers, even if its plan has no checks', async () => {
    const { clock, checker, pending, answer } = setUp();
    checker.follow(catalog(declared('a', { health: { kind: 'none' } })));
    expect(pending).toHaveLength(0);
    checker.onFailedDial('a', 'ECONNREFUSED 10.0.0.1:80');
    expect(checker.verdictOf('a')).toEqual({
      kind: 'suspect',
      reason: 'it did not answer (ECONNREFUSED 10.0.0.1:80)',
    });
    clock.advance(25);
    await answer(false);
    clock.advance(50);
    await answer(true);
    expect(checker.verdictOf('a')).toEqual({ kind: 'fit' });
    clock.advance(60_000);
    expect(pending).toHaveLength(0);
  });

  test('passes an upstream when one of its addresses answers', async () => {
    const { clock, checker, pending, answer } = setUp();
    const endpoints = [
      { host: '10.0.0.1', port: 80 },
      { host: '10.0.0.2', port: 80 },
    ];
    checker.follow(catalog(declared('a', { endpoints })));
    await answer(false);
    expect(pending[0]?.host).toBe('10.0.0.2');
    await answer(true);
    expect(checker.verdictOf('a')).toEqual({ kind: 'fit' });
    expect(checker.triedOf('a')).toEqual([
      { endpoint: endpoints[0], failure: 'refused' },
      { endpoint: endpoints[1], failure: undefined },
    ]);
    // The address that answered is the first to be asked again.
    checker.onFailedDial('a', 'ECONNREFUSED');
    clock.advance(25);
    expect(pending[0]?.host).toBe('10.0.0.2');
  });

  test('says of an upstream none of whose addresses answers how each failed', async () => {
    const { checker, answer } = setUp();
    const endpoints = [
      { host: '10.0.0.1', port: 80 },
      { host: '10.0.0.2', port: 80 },
    ];
    checker.follow(catalog(declared('a', { endpoints })));
    await answer(false);
    await answer(false);
    expect(checker.verdictOf('a')).toMatchObject({ kind: 'pending' });
    expect(checker.triedOf('a')).toMatchObject([{ failure: 'refused' }, { failure: 'refused' }]);
  });

  describe('whose upstream lost an address during the probe', () => {
    const [lost, kept, gained] = ['10.0.0.1', '10.0.0.2', '10.0.0.3'].map((host) => ({ host, port: 80 })) as [
      Endpoint,
      Endpoint,
      Endpoint,
    ];

    test('says nothing of that address', async () => {
      const { checker, answer } = setUp();
      checker.follow(catalog(declared('a', { endpoints: [lost, kept] })));
      await answer(false);
      checker.follow(catalog(declared('a', { endpoints: [kept] })));
      await answer(true);
      expect(checker.verdictOf('a')).toEqual({ kind: 'fit' });
      expect(checker.triedOf('a')).toBeUndefined();
    });

    test('says of the others what it found', async () => {
      const { checker, answer } = setUp();
      checker.follow(catalog(declared('a', { endpoints: [lost, kept, gained] })));
      await answer(false);
      checker.follow(catalog(declared('a', { endpoints: [gained, kept] })));
      await answer(false);
      await answer(true);
      expect(checker.triedOf('a')).toEqual([
        { endpoint: gained, failure: undefined },
        { endpoint: kept, failure: 'refused' },
      ]);
    });

    test('does not pass it by the answer of that address, and probes it again', async () => {
      const { clock, checker, pending, answer } = setUp();
      checker.follow(catalog(declared('a', { endpoints: [lost] })));
      checker.follow(catalog(declared('a', { endpoints: [kept] })));
      await answer(true);
      expect(checker.verdictOf('a')).toMatchObject({ kind: 'pending' });
      clock.advance(25);
      expect(pending.map(({ host }) => host)).toEqual(['10.0.0.2']);
    });
  });
});
