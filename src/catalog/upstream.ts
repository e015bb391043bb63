import { isSameAddress } from '../address/address.ts';
import { compareNatural } from '../text/natural-order.ts';
import { formatBytes } from '../text/sizes.ts';
import type { Condition, DeclaredUpstream, HealthPlan } from './declaration.ts';
import type { Override } from './override.ts';
import type { Endpoint } from '../relay/boundary/table.ts';

/**
 * The lifecycle of one upstream. All transitions are in `nextUpstream`; a state keeps its `sinceMs` while its kind
 * stays. An upstream that is gone has no state, because it is no longer in the catalog.
 */
export type UpstreamState =
  /** The container runs, but the upstream has not yet proven that it accepts connections. */
  | { readonly kind: 'starting'; readonly sinceMs: number; readonly reason: string }
  | { readonly kind: 'ready'; readonly sinceMs: number; readonly reason: string }
  /**
   * The upstream gets no new sessions and keeps those it has. `suspect` means that only a failed dial says so: the
   * upstream is still dialed when no other is left.
   */
  | { readonly kind: 'unhealthy'; readonly sinceMs: number; readonly reason: string; readonly suspect: boolean }
  /** The container is paused: the kernel would still accept connections, but the process does not answer. */
  | { readonly kind: 'paused'; readonly sinceMs: number; readonly reason: string }
  /**
   * The container was put to sleep, or stopped otherwise, and is started for the next client. `failure` says why the last
   * start failed, until it is tried again.
   */
  | {
      readonly kind: 'asleep';
      readonly sinceMs: number;
      readonly reason: string;
      readonly failure: string | undefined;
    }
  /**
   * The upstream gets no new sessions. `over` means that its time is up and its remaining sessions are closed.
   * `untilMs` is Infinity for an upstream that an operator drains: the drain lasts until the operator undrains it.
   */
  | {
      readonly kind: 'draining';
      readonly sinceMs: number;
      readonly reason: string;
      readonly untilMs: number;
      readonly over: boolean;
    };

export const upstreamStates = [
  'starting',
  'ready',
  'unhealthy',
  'paused',
  'asleep',
  'draining',
] as const satisfies readonly UpstreamState['kind'][];

/** What the last probe of one of several addresses found; `failure` is undefined for the address that answered. */
export interface TriedAddress {
  readonly endpoint: Endpoint;
  readonly failure: string | undefined;
}

export interface ServiceUpstream {
  readonly declared: DeclaredUpstream;
  readonly state: UpstreamState;
  /** Undefined where there is one address, or none was probed. */
  readonly tried?: readonly TriedAddress[] | undefined;
  /** The declared weight, unless an operator set another. */
  readonly weight: number;
}

/** The conclusion from the probes and dials of an upstream. */
export type Verdict =
  /** No probe has passed yet; `reason` is set once a probe has failed. */
  | { readonly kind: 'pending'; readonly reason: string | undefined }
  | { readonly kind: 'fit' }
  /** A dial failed, and no probe has passed since. */
  | { readonly kind: 'suspect'; readonly reason: string }
  | { readonly kind: 'unfit'; readonly reason: string };

/** What is being done about the sleep of an upstream's container. */
export type Rest =
  /** It gets no new sessions, and is put to sleep once it has none. */
  | { readonly kind: 'falling-asleep' }
  | { readonly kind: 'waking' }
  /** It was put to sleep; the memory that it had in use is given back. */
  | { readonly kind: 'asleep'; readonly memoryBytes: number }
  /** It could not be started, and that is not tried again yet. */
  | { readonly kind: 'failed'; readonly failure: string };

export type UpstreamInput =
  /** The upstream is declared, and its process lives. */
  | {
      readonly kind: 'declared';
      readonly upstream: DeclaredUpstream;
      readonly verdict: Verdict | undefined;
      readonly override?: Override | undefined;
      readonly tried?: readonly TriedAddress[] | undefined;
      readonly rest?: Rest | undefined;
    }
  /** The upstream is no longer declared, but its process may live on. */
  | { readonly kind: 'withdrawn'; readonly reason: string }
  /** The upstream's process is known to be dead. */
  | { readonly kind: 'died' };

/** The upstream in its next state, or undefined when it is gone. Times are the clock's monotonic milliseconds. */
export function nextUpstream(
  previous: ServiceUpstream | undefined,
  input: UpstreamInput,
  nowMs: number,
): ServiceUpstream | undefined {
  switch (input.kind) {
    case 'declared': {
      const { upstream, verdict, override, tried, rest } = input;
      const weight = override?.weight ?? upstream.weight;
      const drained = override?.drained ?? false;
      const state = keep(previous?.state, nextState(previous?.state, upstream, { verdict, drained, rest }, nowMs));
      const stays =
        previous?.state === state &&
        previous.declared === upstream &&
        previous.weight === weight &&
        previous.tried === tried;
      return stays ? previous : { declared: upstream, state, weight, ...(tried && { tried }) };
    }
    case 'withdrawn': {
      if (!previous) return undefined;
      const state = drain(previous.state, previous.declared, input.reason, nowMs);
      // The upstream is no longer declared: once its drain is over, it leaves the catalog.
      return state.over ? undefined : { ...previous, state: keep(previous.state, state) };
    }
    case 'died':
      // A dead process has no sessions left to drain, whatever its state was.
      return undefined;
  }
}

type Draining = Extract<UpstreamState, { kind: 'draining' }>;

function nextState(
  previous: UpstreamState | undefined,
  upstream: DeclaredUpstream,
  {
    verdict,
    drained,
    rest,
  }: { readonly verdict: Verdict | undefined; readonly drained: boolean; readonly rest: Rest | undefined },
  nowMs: number,
): UpstreamState {
  const { condition, health } = upstream;
  switch (condition.kind) {
    case 'stopping':
      // Stopping comes before paused: `docker stop` of a paused container unpauses it only to let it end.
      return drain(previous, upstream, condition.reason, nowMs);
    case 'paused':
      return { kind: 'paused', sinceMs: nowMs, reason: 'its container is paused' };
    case 'asleep':
      return asleep(condition.how, rest, nowMs);
    case 'running':
      if (rest?.kind === 'falling-asleep')
        return { kind: 'asleep', sinceMs: nowMs, reason: 'it is being put to sleep', failure: undefined };
      if (drained) return { kind: 'draining', sinceMs: nowMs, reason: byOperator, untilMs: Infinity, over: false };
      return judge(health, condition, verdict, nowMs);
  }
}

function asleep(how: 'stopped' | 'paused', rest: Rest | undefined, nowMs: number): UpstreamState {
  if (rest?.kind === 'failed') {
    const { failure } = rest;
    return { kind: 'asleep', sinceMs: nowMs, reason: `its last start failed: ${failure}`, failure };
  }
  const given = rest?.kind === 'asleep' ? `; it gave back ${formatBytes(rest.memoryBytes)} of memory` : '';
  const reason =
    rest?.kind === 'waking' ? 'it is being started' : `its container is ${how} until a client comes${given}`;
  return { kind: 'asleep', sinceMs: nowMs, reason, failure: undefined };
}

const byOperator = 'drained by an operator';
export const notProbedYet = 'not probed yet';

/** A drain that has begun keeps its first deadline, whatever happens meanwhile. */
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

/** Returns the previous state if nothing changed, and keeps its `sinceMs` if its kind stayed. */
function keep(previous: UpstreamState | undefined, next: UpstreamState): UpstreamState {
  if (previous?.kind !== next.kind) return next;
  return isSame(previous, next) ? previous : { ...next, sinceMs: previous.sinceMs };
}

function isSame(a: UpstreamState, b: UpstreamState): boolean {
  return (
    a.reason === b.reason &&
    (a.kind !== 'asleep' || (b.kind === 'asleep' && a.failure === b.failure)) &&
    (a.kind !== 'unhealthy' || (b.kind === 'unhealthy' && a.suspect === b.suspect)) &&
    (a.kind !== 'draining' || (b.kind === 'draining' && a.over === b.over && a.untilMs === b.untilMs))
  );
}

/** The addresses in the order in which they are dialed: the one that answered a probe comes first. */
export function endpointsOf({ declared, tried }: ServiceUpstream): readonly Endpoint[] {
  const { endpoints } = declared;
  const answers = tried?.find(({ failure }) => failure === undefined)?.endpoint;
  const best = answers && endpoints.find((one) => isSameAddress(one, answers));
  return best === undefined || best === endpoints[0] ? endpoints : [best, ...endpoints.filter((one) => one !== best)];
}

/**
 * The upstreams in the order in which people read them: static ones as they are written, then containers by name,
 * `api-2` before `api-10`. The pool's own order is by age.
 */
export function inNaturalOrder(upstreams: readonly ServiceUpstream[]): readonly ServiceUpstream[] {
  const known = ordered.get(upstreams) ?? upstreams.toSorted(compareForPeople);
  ordered.set(upstreams, known);
  return known;
}

/** The order of each list is kept, since a list never changes and many callers ask for it. */
const ordered = new WeakMap<readonly ServiceUpstream[], readonly ServiceUpstream[]>();

function compareForPeople({ declared: a }: ServiceUpstream, { declared: b }: ServiceUpstream): number {
  if (a.run && b.run) return compareNatural(a.name, b.name);
  return Number(a.run !== undefined) - Number(b.run !== undefined);
}
