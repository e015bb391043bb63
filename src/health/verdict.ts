import type { HealthPlan } from '../catalog/declaration.ts';
import type { Verdict } from '../catalog/upstream.ts';
import { backoffDelayMs } from '../time/backoff.ts';

/**
 * What is concluded from one upstream's probes, and when it is probed next. Pure.
 *
 *   pending ──pass──▶ fit ──`fall` failures──▶ unfit ──`rise` passes──▶ fit
 *                      └──failed dial──▶ suspect ──pass──▶ fit
 */
export interface ProbeHistory {
  readonly verdict: Verdict;
  /** Good answers in a row while unfit, bad ones while fit. */
  readonly streak: number;
  /** Probes since the verdict last changed its kind. */
  readonly probes: number;
}

export type ProbeResult = { readonly ok: true } | { readonly ok: false; readonly reason: string };

export const unproven: ProbeHistory = { verdict: { kind: 'pending', reason: undefined }, streak: 0, probes: 0 };

export function isProbed(plan: HealthPlan): plan is Extract<HealthPlan, { kind: 'readiness' | 'tcp' | 'http' }> {
  return plan.kind === 'readiness' || isChecked(plan);
}

function isChecked(plan: HealthPlan): plan is Extract<HealthPlan, { kind: 'tcp' | 'http' }> {
  return plan.kind === 'tcp' || plan.kind === 'http';
}

export function afterProbe(history: ProbeHistory, result: ProbeResult, plan: HealthPlan): ProbeHistory {
  const { verdict } = history;
  switch (verdict.kind) {
    case 'pending':
    case 'suspect':
      // Never seen fit, or doubted for a single failure: one good answer settles it.
      return result.ok ? fit() : again(history, { kind: verdict.kind, reason: result.reason });
    case 'fit': {
      if (result.ok || !isChecked(plan)) return { ...history, streak: 0 };
      const streak = history.streak + 1;
      if (streak < plan.fall) return { ...history, streak };
      return { verdict: { kind: 'unfit', reason: result.reason }, streak: 0, probes: 0 };
    }
    case 'unfit': {
      if (!result.ok) return again({ ...history, streak: 0 }, { kind: 'unfit', reason: result.reason });
      const streak = history.streak + 1;
      return streak >= (isChecked(plan) ? plan.rise : 1) ? fit() : { ...history, streak };
    }
  }
}

/** A failed dial. One that is not even ready has nothing to be suspected of. */
export function afterFailedDial(history: ProbeHistory, reason: string): ProbeHistory {
  const { kind } = history.verdict;
  return kind === 'fit' ? { verdict: { kind: 'suspect', reason }, streak: 0, probes: 0 } : history;
}

/** Most containers listen within milliseconds of their start; a client may be waiting for the first of them. */
const eagerMs = 5_000;
const eagerDelayMs = 25;
const laterDelayMs = 250;
const suspectBackoff = { firstMs: 25, maxMs: 1_000 };

/** Milliseconds until the next probe; undefined: none. `ageMs`: since the verdict is what it is. */
export function nextProbeMs(
  { verdict, probes }: ProbeHistory,
  plan: HealthPlan,
  ageMs: number,
  random: () => number,
): number | undefined {
  switch (verdict.kind) {
    case 'pending':
      if (!isProbed(plan)) return undefined;
      if (probes === 0) return 0;
      return ageMs < eagerMs ? eagerDelayMs : laterDelayMs;
    case 'suspect':
      return backoffDelayMs(probes, suspectBackoff, random);
    case 'fit':
    case 'unfit':
      // A tenth of jitter, so that many upstreams are not probed in step.
      return isChecked(plan) ? plan.intervalMs * (0.95 + 0.1 * random()) : undefined;
  }
}

function again(history: ProbeHistory, verdict: Verdict): ProbeHistory {
  return { ...history, verdict, probes: history.probes + 1 };
}

function fit(): ProbeHistory {
  return { verdict: { kind: 'fit' }, streak: 0, probes: 0 };
}
