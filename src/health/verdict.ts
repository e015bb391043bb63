import type { HealthPlan } from '../catalog/declaration.ts';
import type { Verdict } from '../catalog/upstream.ts';
import { backoffDelayMs } from '../time/backoff.ts';

/**
 * Derives the verdict of one upstream from its probes, and the time of its next probe. Pure.
 *
 *   pending ──pass──▶ fit ──`fall` failures──▶ unfit ──`rise` passes──▶ fit
 *                      └──failed dial──▶ suspect ──pass──▶ fit
 */
export interface ProbeHistory {
  readonly verdict: Verdict;
  /** The passes in a row while the upstream is unfit, the failures in a row while it is fit. */
  readonly streak: number;
  /** The number of failed probes since the verdict last changed its kind. */
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
      // One pass is enough for an upstream that has never passed, or that only a failed dial made suspect.
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

/** The history after a failed dial. Only a fit upstream becomes suspect. */
export function afterFailedDial(history: ProbeHistory, reason: string): ProbeHistory {
  const { kind } = history.verdict;
  return kind === 'fit' ? { verdict: { kind: 'suspect', reason }, streak: 0, probes: 0 } : history;
}

/**
 * Most containers listen within milliseconds of their start, and clients may be waiting: for the first seconds the pause
 * between probes is a quarter of the time that the upstream has taken so far, within these limits.
 */
const eagerMs = 5_000;
const eagerDelayMs = { least: 2, most: 25 };
const laterDelayMs = 250;
const suspectBackoff = { firstMs: 25, maxMs: 1_000 };

/** Milliseconds until the next probe, undefined for none. `ageMs` is how long the verdict has had its kind. */
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
      if (ageMs >= eagerMs) return laterDelayMs;
      return Math.min(Math.max(eagerDelayMs.least, ageMs / 4), eagerDelayMs.most);
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
