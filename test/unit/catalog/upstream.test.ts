import { describe, expect, it } from 'vitest';
import type { Condition, DeclaredUpstream, HealthPlan } from '../../../src/catalog/declaration.ts';
import { nextUpstream, type ServiceUpstream, type Verdict } from '../../../src/catalog/upstream.ts';
import { declaredUpstream } from '../../support/declared.ts';

const tcp: HealthPlan = { kind: 'tcp', intervalMs: 1, timeoutMs: 1, rise: 1, fall: 1 };
const running: Condition = { kind: 'running', health: 'none' };
const stopping: Condition = { kind: 'stopping', reason: 'it was sent SIGTERM' };
const pending: Verdict = { kind: 'pending', reason: 'nothing listens on 80 (connection refused)' };
const suspect: Verdict = { kind: 'suspect', reason: 'ECONNREFUSED' };
const unfit: Verdict = { kind: 'unfit', reason: 'GET / answered 500' };
const fit: Verdict = { kind: 'fit' };

const declared = (health: HealthPlan, condition: Condition = running, drainMs = 1_000): DeclaredUpstream =>
  declaredUpstream('a', { health, condition, drainMs });

function next(
  previous: ServiceUpstream | undefined,
  upstream: DeclaredUpstream,
  verdict: Verdict | undefined,
  nowMs: number,
): ServiceUpstream | undefined {
  return nextUpstream(previous, { kind: 'declared', upstream, verdict }, nowMs);
}

const withHealthcheck = (health: 'starting' | 'healthy' | 'unhealthy') =>
  declared({ kind: 'docker' }, { kind: 'running', health });

describe('the state of an upstream', () => {
  it.each([
    ['is not checked', declared({ kind: 'none' }), undefined, 'ready', 'it is not checked'],
    ['was not probed yet', declared({ kind: 'readiness' }), undefined, 'starting', 'not probed yet'],
    ['refused so far', declared({ kind: 'readiness' }), pending, 'starting', pending.reason],
    ['accepted once', declared({ kind: 'readiness' }), fit, 'ready', 'its port accepts connections'],
    ['failed its checks', declared(tcp), unfit, 'unhealthy', 'GET / answered 500'],
    ['failed a dial', declared({ kind: 'readiness' }), suspect, 'unhealthy', 'ECONNREFUSED'],
    ['has a young HEALTHCHECK', withHealthcheck('starting'), fit, 'starting', 'its HEALTHCHECK has not passed yet'],
    ['has a good HEALTHCHECK', withHealthcheck('healthy'), fit, 'ready', 'its HEALTHCHECK passes'],
    ['has a bad HEALTHCHECK', withHealthcheck('unhealthy'), fit, 'unhealthy', 'its HEALTHCHECK fails'],
    ['is healthy but failed a dial', withHealthcheck('healthy'), suspect, 'unhealthy', 'ECONNREFUSED'],
    ['is paused', declared(tcp, { kind: 'paused' }), unfit, 'paused', 'its container is paused'],
    ['was told to stop', declared(tcp, stopping), fit, 'draining', 'it was sent SIGTERM'],
  ] as const)('that %s', (_what, upstream, verdict, kind, reason) => {
    expect(next(undefined, upstream, verdict, 7)?.state).toMatchObject({ kind, reason, sinceMs: 7 });
  });

  it('keeps the time since when it is in its state while only the reason changes', () => {
    const first = next(undefined, declared({ kind: 'readiness' }), undefined, 1);
    const second = next(first, declared({ kind: 'readiness' }), pending, 2);
    expect(second?.state).toMatchObject({ kind: 'starting', sinceMs: 1, reason: pending.reason });
  });

  it('is the same object when nothing changed', () => {
    const upstream = declared({ kind: 'readiness' });
    const first = next(undefined, upstream, fit, 1);
    expect(next(first, upstream, { kind: 'fit' }, 2)).toBe(first);
  });
});

describe('an operator', () => {
  const override = { drained: true, weight: undefined };
  const ready = next(undefined, declared(tcp), fit, 0);

  it('drains an upstream without a deadline, and undrains it', () => {
    const drained = nextUpstream(ready, { kind: 'declared', upstream: declared(tcp), verdict: fit, override }, 10);
    expect(drained?.state).toMatchObject({ kind: 'draining', sinceMs: 10, untilMs: Infinity, over: false });
    expect(next(drained, declared(tcp), fit, 20)?.state).toMatchObject({ kind: 'ready', sinceMs: 20 });
  });

  it('that drains an upstream does not delay its stop', () => {
    const drained = nextUpstream(ready, { kind: 'declared', upstream: declared(tcp), verdict: fit, override }, 10);
    const told = nextUpstream(
      drained,
      { kind: 'declared', upstream: declared(tcp, stopping), verdict: fit, override },
      20,
    );
    expect(told?.state).toMatchObject({ reason: 'it was sent SIGTERM', untilMs: 1_020 });
    expect(nextUpstream(drained, { kind: 'withdrawn', reason: 'label removed' }, 30)?.state).toMatchObject({
      untilMs: 1_030,
    });
  });

  it('sets a weight, which applies until it is taken back', () => {
    const upstream = declared(tcp);
    const weighed = nextUpstream(
      ready,
      { kind: 'declared', upstream, verdict: fit, override: { drained: false, weight: 7 } },
      10,
    );
    expect(weighed).toMatchObject({ weight: 7, state: { kind: 'ready', sinceMs: 0 } });
    expect(next(weighed, upstream, fit, 20)).toMatchObject({ weight: 1 });
  });
});

describe('a drain', () => {
  it('keeps its first deadline, and is over from then until the process is gone', () => {
    const told = next(undefined, declared(tcp, stopping), fit, 100);
    expect(told?.state).toMatchObject({ kind: 'draining', untilMs: 1_100, over: false });
    const later = next(told, declared(tcp, stopping, 9_000), fit, 1_099);
    expect(later?.state).toMatchObject({ untilMs: 1_100, over: false });
    const over = next(later, declared(tcp, stopping), fit, 1_100);
    expect(over?.state).toMatchObject({ sinceMs: 100, over: true });
    expect(nextUpstream(over, { kind: 'died' }, 1_200)).toBeUndefined();
  });

  it('of a withdrawn upstream ends with its deadline, or when the upstream is declared again', () => {
    const ready = next(undefined, declared(tcp), fit, 0);
    const withdrawn = nextUpstream(ready, { kind: 'withdrawn', reason: 'label removed' }, 10);
    expect(withdrawn?.state).toMatchObject({ kind: 'draining', reason: 'label removed', untilMs: 1_010 });
    expect(next(withdrawn, declared(tcp), fit, 20)?.state).toMatchObject({ kind: 'ready', sinceMs: 20 });
    expect(nextUpstream(withdrawn, { kind: 'withdrawn', reason: 'again' }, 1_010)).toBeUndefined();
  });
});
