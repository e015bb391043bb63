import type { Condition, DeclaredUpstream, HealthPlan } from './declaration.ts';
import type { Override } from './override.ts';

/**
 * The lifecycle of one upstream. All transitions are in `nextUpstream`; a state keeps its `since` for as long as its kind
 * stays. An upstream that is gone has no state: it is no longer in the catalog.
 */
export type UpstreamState =
  /** Its container runs; nothing has proven yet that it takes connections. */
  | { readonly kind: 'starting'; readonly sinceMs: number; readonly reason: string }
  | { readonly kind: 'ready'; readonly sinceMs: number; readonly reason: string }
  /** Takes no new sessions, keeps those it has. `suspect`: a mere failed dial says so; asked when no other is left. */
  | { readonly kind: 'unhealthy'; readonly sinceMs: number; readonly reason: string; readonly suspect: boolean }
  /** Its container is paused: the kernel would still accept for it, but nobody answers. */
  | { readonly kind: 'paused'; readonly sinceMs: number; readonly reason: string }
  /**
   * Takes no new sessions. `over`: its time is up, and what was left of its sessions is closed. `untilMs` is Infinity for
   * one that an operator drains: it is they who close sessions, or take it back.
   */
  | {
      readonly kind: 'draining';
      readonly sinceMs: number;
      readonly reason: string;
      readonly untilMs: number;
      readonly over: boolean;
    };

export interface ServiceUpstream {
  readonly declared: DeclaredUpstream;
  readonly state: UpstreamState;
  /** As declared, unless an operator said otherwise. */
  readonly weight: number;
}

/** What probes and dials have found out about an upstream. */
export type Verdict =
  /** Not proven yet; `reason` once a probe has failed. */
  | { readonly kind: 'pending'; readonly reason: string | undefined }
  | { readonly kind: 'fit' }
  /** A dial failed, and no probe has got through since. */
  | { readonly kind: 'suspect'; readonly reason: string }
  | { readonly kind: 'unfit'; readonly reason: string };

export type UpstreamInput =
  /** Still declared, and its process lives. */
  | {
      readonly kind: 'declared';
      readonly upstream: DeclaredUpstream;
      readonly verdict: Verdict | undefined;
      readonly override?: Override | undefined;
    }
  /** No longer declared, but its process may live on. */
  | { readonly kind: 'withdrawn'; readonly reason: string }
  /** Its process is known to be dead. */
  | { readonly kind: 'died' };

/** The next upstream, or undefined when it is gone. Times are the clock's monotonic milliseconds. */
export function nextUpstream(
  previous: ServiceUpstream | undefined,
  input: UpstreamInput,
  nowMs: number,
): ServiceUpstream | undefined {
  switch (input.kind) {
    case 'declared': {
      const { upstream, verdict, override } = input;
      const weight = override?.weight ?? upstream.weight;
      const drained = override?.drained ?? false;
      const state = keep(previous?.state, nextState(previous?.state, upstream, { verdict, drained }, nowMs));
      return previous?.state === state && previous.declared === upstream && previous.weight === weight
        ? previous
        : { declared: upstream, state, weight };
    }
    case 'withdrawn': {
      if (!previous) return undefined;
      const state = drain(previous.state, previous.declared, input.reason, nowMs);
      // Nobody speaks of it any more: once its sessions are closed there is nothing left to know.
      return state.over ? undefined : { ...previous, state: keep(previous.state, state) };
    }
    case 'died':
      // Whatever it was, a dead process finishes nothing: no drain.
      return undefined;
  }
}

type Draining = Extract<UpstreamState, { kind: 'draining' }>;

function nextState(
  previous: UpstreamState | undefined,
  upstream: DeclaredUpstream,
  { verdict, drained }: { readonly verdict: Verdict | undefined; readonly drained: boolean },
  nowMs: number,
): UpstreamState {
  const { condition, health } = upstream;
  switch (condition.kind) {
    case 'stopping':
      // Before paused: `docker stop` of a paused container unpauses it only to let it die.
      return drain(previous, upstream, `it was sent ${condition.signal}`, nowMs);
    case 'paused':
      return { kind: 'paused', sinceMs: nowMs, reason: 'its container is paused' };
    case 'running':
      if (drained) return { kind: 'draining', sinceMs: nowMs, reason: askedFor, untilMs: Infinity, over: false };
      return judge(health, condition, verdict, nowMs);
  }
}

const askedFor = 'an operator drains it';
export const notProbedYet = 'it has not been probed yet';

/** A drain that has begun keeps its first deadline, whatever else happens meanwhile. */
function drain(
  previous: UpstreamState | undefined,
  upstream: DeclaredUpstream,
  reason: string,
  nowMs: number,
): Draining {
  if (previous?.kind === 'draining' && previous.untilMs !== Infinity)
    return { ...previous, over: nowMs >= previous.untilMs };
  const untilMs = nowMs + upstream.drainMs;
  return { kind: 'draining', sinceMs: nowMs, reason, untilMs, over: nowMs >= untilMs };
}

function judge(
  plan: HealthPlan,
  { health }: Extract<Condition, { kind: 'running' }>,
  verdict: Verdict | undefined,
  nowMs: number,
): UpstreamState {
  if (plan.kind === 'docker' && health !== 'healthy') {
    return health === 'unhealthy'
      ? { kind: 'unhealthy', sinceMs: nowMs, reason: 'its HEALTHCHECK fails', suspect: false }
      : { kind: 'starting', sinceMs: nowMs, reason: 'its HEALTHCHECK has not passed yet' };
  }
  if (verdict?.kind === 'suspect') return { kind: 'unhealthy', sinceMs: nowMs, reason: verdict.reason, suspect: true };
  switch (plan.kind) {
    case 'none':
      return { kind: 'ready', sinceMs: nowMs, reason: 'it is not checked' };
    case 'docker':
      return { kind: 'ready', sinceMs: nowMs, reason: 'its HEALTHCHECK passes' };
    case 'readiness':
    case 'tcp':
    case 'http':
      return judgeProbed(plan, verdict, nowMs);
  }
}

function judgeProbed(
  plan: Extract<HealthPlan, { kind: 'readiness' | 'tcp' | 'http' }>,
  verdict: Verdict | undefined,
  nowMs: number,
): UpstreamState {
  switch (verdict?.kind) {
    case 'fit': {
      const reason = plan.kind === 'http' ? `GET ${plan.path} succeeds` : 'its port accepts connections';
      return { kind: 'ready', sinceMs: nowMs, reason };
    }
    case 'unfit':
      return { kind: 'unhealthy', sinceMs: nowMs, reason: verdict.reason, suspect: false };
    case 'suspect':
    case 'pending':
    case undefined:
      return { kind: 'starting', sinceMs: nowMs, reason: verdict?.reason ?? notProbedYet };
  }
}

/** The same object when nothing is new; the same `since` when only the reason is. */
function keep(previous: UpstreamState | undefined, next: UpstreamState): UpstreamState {
  if (previous?.kind !== next.kind) return next;
  const kept = { ...next, sinceMs: previous.sinceMs };
  return isSame(previous, kept) ? previous : kept;
}

function isSame(a: UpstreamState, b: UpstreamState): boolean {
  return (
    a.reason === b.reason &&
    (a.kind !== 'unhealthy' || (b.kind === 'unhealthy' && a.suspect === b.suspect)) &&
    (a.kind !== 'draining' || (b.kind === 'draining' && a.over === b.over && a.untilMs === b.untilMs))
  );
}
