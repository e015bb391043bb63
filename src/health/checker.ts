import { isDeepStrictEqual } from 'node:util';
import { isSameAddress } from '../address/address.ts';
import type { Catalog } from '../catalog/catalog.ts';
import type { DeclaredUpstream, HealthPlan } from '../catalog/declaration.ts';
import type { TriedAddress, Verdict } from '../catalog/upstream.ts';
import { createDirectNetworks } from '../network/direct-networks.ts';
import type { Endpoint } from '../relay/boundary/table.ts';
import type { Clock, Timer } from '../time/clock.ts';
import { createProbe, type Probe } from './probe.ts';
import {
  afterFailedDial,
  afterProbe,
  isProbed,
  nextProbeMs,
  unproven,
  type ProbeHistory,
  type ProbeResult,
} from './verdict.ts';

/**
 * Probes upstreams on their schedules, with a bounded number of probes at once, and owns their verdicts. A verdict
 * belongs to the upstream's key: a change of labels or tables alone does not change it.
 */
export interface Checker {
  /** Probes the upstreams of this catalog from now on, and forgets all others. */
  follow(catalog: Catalog): void;
  /** Records that a dial of the relay failed. */
  onFailedDial(upstreamKey: string, error: string): void;
  /** Undefined for an upstream that is not in the followed catalog. */
  verdictOf(upstreamKey: string): Verdict | undefined;
  /** What the last probe found at each of the upstream's addresses, if there are several; the same until that changes. */
  triedOf(upstreamKey: string): readonly TriedAddress[] | undefined;
  stop(): void;
}

interface CheckerParts {
  readonly clock: Clock;
  readonly random: () => number;
  /** Called when a verdict changed. */
  readonly onChange: () => void;
  readonly probe?: Probe;
}

/** 64 probes at once get through a thousand containers in a second, and leave enough descriptors for clients. */
const mostAtOnce = 64;

interface ProbeTarget {
  readonly key: string;
  endpoints: readonly Endpoint[];
  plan: HealthPlan;
  paused: boolean;
  history: ProbeHistory;
  tried: readonly TriedAddress[] | undefined;
  sinceMs: number;
  timer: Timer | undefined;
  probing: boolean;
}

export function createChecker(parts: CheckerParts): Checker {
  return new ProbingChecker(parts);
}

class ProbingChecker implements Checker {
  readonly #parts: CheckerParts;
  readonly #probe: Probe;
  readonly #targets = new Map<string, ProbeTarget>();
  /** The targets that are due, in order; each is probed as soon as one of the running probes finishes. */
  readonly #due = new Set<ProbeTarget>();
  readonly #ending = new AbortController();
  #running = 0;
  #followed: Catalog['services'] = new Map();

  constructor(parts: CheckerParts) {
    this.#parts = parts;
    this.#probe = parts.probe ?? createProbe(createDirectNetworks());
  }

  follow({ services }: Catalog): void {
    if (this.#ending.signal.aborted) return;
    const before = this.#followed;
    this.#followed = services;
    const gone = new Set<string>();
    // A service that is the same object has the same upstreams.
    for (const [name, service] of before) {
      if (services.get(name) !== service) for (const { declared } of service.upstreams) gone.add(declared.key);
    }
    for (const [name, service] of services) {
      if (before.get(name) === service) continue;
      for (const { declared } of service.upstreams) {
        if (declared.condition.kind === 'stopping' || isStopped(declared)) continue;
        gone.delete(declared.key);
        this.#watch(declared);
      }
    }
    for (const key of gone) this.#forget(key);
  }

  onFailedDial(upstreamKey: string, error: string): void {
    const target = this.#targets.get(upstreamKey);
    if (target) this.#conclude(target, afterFailedDial(target.history, `it did not answer (${error})`));
  }

  verdictOf(upstreamKey: string): Verdict | undefined {
    return this.#targets.get(upstreamKey)?.history.verdict;
  }

  triedOf(upstreamKey: string): readonly TriedAddress[] | undefined {
    return this.#targets.get(upstreamKey)?.tried;
  }

  stop(): void {
    this.#ending.abort();
    for (const key of this.#targets.keys()) this.#forget(key);
  }

  #watch({ key, endpoints, health: plan, condition }: DeclaredUpstream): void {
    const paused = condition.kind === 'paused' || condition.kind === 'asleep';
    let target = this.#targets.get(key);
    if (!target) {
      // A target that is never probed counts as fit until a dial fails.
      const history: ProbeHistory = isProbed(plan) ? unproven : { ...unproven, verdict: { kind: 'fit' } };
      const sinceMs = this.#parts.clock.nowMs();
      const idle = { timer: undefined, probing: false, tried: undefined };
      target = { key, endpoints, plan, paused, history, sinceMs, ...idle };
      this.#targets.set(key, target);
      this.#schedule(target);
      return;
    }
    if (!isDeepStrictEqual(target.endpoints, endpoints)) target.tried = undefined;
    target.endpoints = endpoints;
    if (target.plan === plan && target.paused === paused) return;
    target.plan = plan;
    target.paused = paused;
    this.#schedule(target);
  }

  #forget(key: string): void {
    const target = this.#targets.get(key);
    if (!target) return;
    target.timer?.cancel();
    this.#due.delete(target);
    this.#targets.delete(key);
  }

  #schedule(target: ProbeTarget): void {
    if (target.probing || this.#due.has(target)) return;
    target.timer?.cancel();
    target.timer = undefined;
    if (target.paused) return;
    const { clock, random } = this.#parts;
    const delayMs = nextProbeMs(target.history, target.plan, clock.nowMs() - target.sinceMs, random);
    if (delayMs === undefined) return;
    if (delayMs > 0) target.timer = clock.after(delayMs, () => this.#enqueue(target));
    else this.#enqueue(target);
  }

  #enqueue(target: ProbeTarget): void {
    this.#due.add(target);
    this.#probeNext();
  }

  #probeNext(): void {
    for (const target of this.#due) {
      if (this.#running >= mostAtOnce) return;
      this.#due.delete(target);
      void this.#probeTarget(target);
    }
  }

  async #probeTarget(target: ProbeTarget): Promise<void> {
    this.#running += 1;
    target.probing = true;
    const found = await this.#probeEndpoints(target);
    this.#running -= 1;
    target.probing = false;
    // When the target was forgotten or paused meanwhile, another process may have its address by now.
    if (this.#targets.get(target.key) === target && !target.paused) {
      this.#learn(target, found);
      this.#schedule(target);
    }
    this.#probeNext();
  }

  /**
   * Probes the addresses until one passes: one is enough, since the relay dials all of them. The one that answered last
   * comes first.
   */
  async #probeEndpoints({ endpoints, plan, tried = [] }: ProbeTarget): Promise<readonly TriedAddress[]> {
    const isBest = (endpoint: Endpoint): boolean => {
      const known = foundAt(endpoint, tried);
      return known !== undefined && known.failure === undefined;
    };
    const found: TriedAddress[] = [];
    for (const endpoint of endpoints.toSorted((a, b) => Number(isBest(b)) - Number(isBest(a)))) {
      const result = await this.#probe(endpoint, plan, this.#ending.signal);
      found.push({ endpoint, failure: result.ok ? undefined : result.reason });
      if (result.ok) break;
    }
    return found;
  }

  /**
   * Learns from what a probe found at the addresses that the upstream still has; what was found before stays known of
   * those that were not probed now.
   */
  #learn(target: ProbeTarget, found: readonly TriedAddress[]): void {
    const { endpoints, history, plan } = target;
    if (endpoints.length > 0 && !endpoints.some((endpoint) => foundAt(endpoint, found))) return;
    const tried = endpoints.flatMap(
      (endpoint) => foundAt(endpoint, found) ?? foundAt(endpoint, target.tried ?? []) ?? [],
    );
    const hasNews = tried.length > 1 && !isDeepStrictEqual(tried, target.tried);
    if (hasNews) target.tried = tried;
    const concluded = this.#conclude(target, afterProbe(history, resultOf(tried), plan));
    if (hasNews && !concluded) this.#parts.onChange();
  }

  /** Whether the verdict changed. */
  #conclude(target: ProbeTarget, next: ProbeHistory): boolean {
    const before = target.history;
    target.history = next;
    const { verdict } = next;
    if (before.verdict.kind === verdict.kind && reasonOf(before.verdict) === reasonOf(verdict)) return false;
    if (before.verdict.kind !== verdict.kind) {
      target.sinceMs = this.#parts.clock.nowMs();
      this.#schedule(target);
    }
    this.#parts.onChange();
    return true;
  }
}

/** Whether the container sleeps and has no process; nothing is probed, and nothing wakes it. */
function isStopped({ condition }: DeclaredUpstream): boolean {
  return condition.kind === 'asleep' && condition.how === 'stopped';
}

function foundAt(endpoint: Endpoint, tried: readonly TriedAddress[]): TriedAddress | undefined {
  return tried.find((one) => isSameAddress(one.endpoint, endpoint));
}

/** An upstream passes if one of its addresses does; otherwise the reasons of all of them count. */
function resultOf(tried: readonly TriedAddress[]): ProbeResult {
  if (tried.some(({ failure }) => failure === undefined)) return { ok: true };
  const reasons = new Set(tried.map(({ failure }) => failure));
  return { ok: false, reason: reasons.size === 0 ? 'it has no address' : [...reasons].join('; ') };
}

function reasonOf(verdict: Verdict): string | undefined {
  return verdict.kind === 'fit' ? undefined : verdict.reason;
}
