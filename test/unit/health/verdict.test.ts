import { describe, expect, test } from 'vitest';
import type { HealthPlan } from '../../../src/catalog/declaration.ts';
import {
  afterFailedDial,
  afterProbe,
  nextProbeMs,
  unproven,
  type ProbeHistory,
  type ProbeResult,
} from '../../../src/health/verdict.ts';

const pass: ProbeResult = { ok: true };
const fail: ProbeResult = { ok: false, reason: 'refused' };
const readiness: HealthPlan = { kind: 'readiness' };
const tcp: HealthPlan = { kind: 'tcp', intervalMs: 1_000, timeoutMs: 500, rise: 2, fall: 3 };
const halfway = (): number => 0.5;

/** The kind of the verdict after each answer. */
function verdictsAfter(
  plan: HealthPlan,
  results: readonly ProbeResult[],
  from: ProbeHistory = unproven,
): readonly string[] {
  let now = from;
  return results.map((result) => (now = afterProbe(now, result, plan)).verdict.kind);
}

const fit = afterProbe(unproven, pass, tcp);

describe('a verdict', () => {
  test('on a new upstream is fit after the first pass', () => {
    expect(verdictsAfter(readiness, [fail, fail, pass])).toEqual(['pending', 'pending', 'fit']);
    expect(verdictsAfter(tcp, [fail, pass])).toEqual(['pending', 'fit']);
  });

  test('has the reason of the last failure while it is pending', () => {
    expect(afterProbe(unproven, fail, readiness).verdict).toEqual({ kind: 'pending', reason: 'refused' });
  });

  test('becomes unfit after `fall` failures in a row, and fit after `rise` passes', () => {
    expect(verdictsAfter(tcp, [fail, fail, pass, fail, fail, fail], fit)).toEqual([
      'fit',
      'fit',
      'fit',
      'fit',
      'fit',
      'unfit',
    ]);
    const unfit = [fail, fail, fail].reduce((now, result) => afterProbe(now, result, tcp), fit);
    expect(verdictsAfter(tcp, [pass, fail, pass, pass], unfit)).toEqual(['unfit', 'unfit', 'unfit', 'fit']);
  });

  test('becomes suspect with one failed dial, and fit with one pass', () => {
    const suspect = afterFailedDial(fit, 'ECONNREFUSED');
    expect(suspect.verdict).toEqual({ kind: 'suspect', reason: 'ECONNREFUSED' });
    expect(verdictsAfter(readiness, [fail, fail, pass], suspect)).toEqual(['suspect', 'suspect', 'fit']);
  });

  test('does not change with a failed dial while it is not fit', () => {
    expect(afterFailedDial(unproven, 'ECONNREFUSED')).toBe(unproven);
  });
});

describe('the next probe', () => {
  test('is at once, then after a quarter of the time so far, then after 250 ms, and never again once it passed', () => {
    const asked = afterProbe(unproven, fail, readiness);
    expect(nextProbeMs(unproven, readiness, 0, halfway)).toBe(0);
    const delays = [0, 8, 40, 100, 4_999, 5_000, 60_000].map((ageMs) => nextProbeMs(asked, readiness, ageMs, halfway));
    expect(delays).toEqual([2, 2, 10, 25, 25, 250, 250]);
    expect(nextProbeMs(fit, readiness, 0, halfway)).toBeUndefined();
  });

  test('of a checked upstream is an interval later, with a tenth of jitter', () => {
    expect(nextProbeMs(fit, tcp, 0, () => 0)).toBe(950);
    expect(nextProbeMs(fit, tcp, 0, () => 1)).toBe(1_050);
  });

  test.each([{ kind: 'none' }, { kind: 'docker' }] as const)(
    'of one that is not asked ($kind) comes only when a dial failed, backing off to a second',
    (plan) => {
      expect(nextProbeMs(fit, plan, 0, halfway)).toBeUndefined();
      let suspect = afterFailedDial(fit, 'refused');
      const delays = Array.from({ length: 9 }, () => {
        const delayMs = nextProbeMs(suspect, plan, 0, () => 1);
        suspect = afterProbe(suspect, fail, plan);
        return delayMs;
      });
      expect(delays).toEqual([25, 50, 100, 200, 400, 800, 1_000, 1_000, 1_000]);
    },
  );
});
