import type { Catalog } from '../catalog/catalog.ts';
import type { DeclaredUpstream, HealthPlan } from '../catalog/declaration.ts';
import type { Verdict } from '../catalog/upstream.ts';
import type { Endpoint } from '../relay/boundary/table.ts';
import type { Clock, Timer } from '../time/clock.ts';
import { probeHttp } from './http-probe.ts';
import { probeTcp } from './tcp-probe.ts';
import {
  afterFailedDial,
  afterProbe,
  isProbed,
  nextProbeMs,
  unproven,
  type Course,
  type ProbeResult,
} from './verdict.ts';

/**
 * Asks upstreams whether they are fit, each when its turn comes, a bounded number at once. What was found out belongs to
 * the upstream's key: a change of labels or tables marks nothing up or down by itself.
 */
export interface Checker {
  /** Looks after the upstreams of this catalog and forgets all others. */
  follow(catalog: Catalog): void;
  /** A dial of the relay failed. */
  onFailedDial(upstreamKey: string, error: string): void;
  /** Undefined for one that it was not told of. */
  verdictOf(upstreamKey: string): Verdict | undefined;
  stop(): void;
}

export interface CheckerParts {
  readonly clock: Clock;
  readonly random: () => number;
  /** A verdict changed. */
  readonly onChange: () => void;
  readonly probe?: Probe;
}

export type Probe = (endpoint: Endpoint, plan: HealthPlan, signal: AbortSignal) => Promise<ProbeResult>;

/** Enough that a thousand containers are asked within a second, few enough to leave descriptors to clients. */
const mostAtOnce = 64;
/** For a probe that has no timeout of its own: nearly all answer or refuse at once. */
const readinessTimeoutMs = 1_000;

interface Patient {
  readonly key: string;
  endpoints: readonly Endpoint[];
  plan: HealthPlan;
  resting: boolean;
  course: Course;
  sinceMs: number;
  timer: Timer | undefined;
  asking: boolean;
}

export function createChecker(parts: CheckerParts): Checker {
  return new ProbingChecker(parts);
}

class ProbingChecker implements Checker {
  readonly #parts: CheckerParts;
  readonly #probe: Probe;
  readonly #patients = new Map<string, Patient>();
  /** Those whose time has come, in order; asked as others finish. */
  readonly #due = new Set<Patient>();
  readonly #ending = new AbortController();
  #asking = 0;
  #followed: Catalog['services'] = new Map();

  constructor(parts: CheckerParts) {
    this.#parts = parts;
    this.#probe = parts.probe ?? probeByPlan;
  }

  follow({ services }: Catalog): void {
    if (this.#ending.signal.aborted) return;
    const before = this.#followed;
    this.#followed = services;
    const gone = new Set<string>();
    // A service that is the same object is the same in all that matters.
    for (const [name, service] of before) {
      if (services.get(name) !== service) for (const { declared } of service.upstreams) gone.add(declared.key);
    }
    for (const [name, service] of services) {
      if (before.get(name) === service) continue;
      for (const { declared } of service.upstreams) {
        if (declared.condition.kind === 'stopping') continue;
        gone.delete(declared.key);
        this.#look(declared);
      }
    }
    for (const key of gone) this.#forget(key);
  }

  onFailedDial(upstreamKey: string, error: string): void {
    const patient = this.#patients.get(upstreamKey);
    if (patient) this.#conclude(patient, afterFailedDial(patient.course, `it did not answer (${error})`));
  }

  verdictOf(upstreamKey: string): Verdict | undefined {
    return this.#patients.get(upstreamKey)?.course.verdict;
  }

  stop(): void {
    this.#ending.abort();
    for (const key of this.#patients.keys()) this.#forget(key);
  }

  #look({ key, endpoints, health: plan, condition }: DeclaredUpstream): void {
    const resting = condition.kind === 'paused';
    let patient = this.#patients.get(key);
    if (!patient) {
      // What nobody asks is taken to be fit, until a dial fails.
      const course: Course = isProbed(plan) ? unproven : { ...unproven, verdict: { kind: 'fit' } };
      const sinceMs = this.#parts.clock.nowMs();
      patient = { key, endpoints, plan, resting, course, sinceMs, timer: undefined, asking: false };
      this.#patients.set(key, patient);
      this.#schedule(patient);
      return;
    }
    patient.endpoints = endpoints;
    if (patient.plan === plan && patient.resting === resting) return;
    patient.plan = plan;
    patient.resting = resting;
    this.#schedule(patient);
  }

  #forget(key: string): void {
    const patient = this.#patients.get(key);
    if (!patient) return;
    patient.timer?.cancel();
    this.#due.delete(patient);
    this.#patients.delete(key);
  }

  #schedule(patient: Patient): void {
    if (patient.asking || this.#due.has(patient)) return;
    patient.timer?.cancel();
    patient.timer = undefined;
    if (patient.resting) return;
    const { clock, random } = this.#parts;
    const delayMs = nextProbeMs(patient.course, patient.plan, clock.nowMs() - patient.sinceMs, random);
    if (delayMs === undefined) return;
    if (delayMs > 0) patient.timer = clock.after(delayMs, () => this.#enqueue(patient));
    else this.#enqueue(patient);
  }

  #enqueue(patient: Patient): void {
    this.#due.add(patient);
    this.#askNext();
  }

  #askNext(): void {
    for (const patient of this.#due) {
      if (this.#asking >= mostAtOnce) return;
      this.#due.delete(patient);
      void this.#ask(patient);
    }
  }

  async #ask(patient: Patient): Promise<void> {
    this.#asking += 1;
    patient.asking = true;
    const { plan } = patient;
    const result = await this.#askEndpoints(patient.endpoints, plan);
    this.#asking -= 1;
    patient.asking = false;
    // Forgotten or put to rest meanwhile: the answer is about a process that may be another by now.
    if (this.#patients.get(patient.key) === patient && !patient.resting) {
      this.#conclude(patient, afterProbe(patient.course, result, patient.plan));
      this.#schedule(patient);
    }
    this.#askNext();
  }

  /** One address that answers is enough: the relay tries them all. */
  async #askEndpoints(endpoints: readonly Endpoint[], plan: HealthPlan): Promise<ProbeResult> {
    let result: ProbeResult = { ok: false, reason: 'it has no address' };
    for (const endpoint of endpoints) {
      result = await this.#probe(endpoint, plan, this.#ending.signal);
      if (result.ok) break;
    }
    return result;
  }

  #conclude(patient: Patient, next: Course): void {
    const before = patient.course;
    patient.course = next;
    const { verdict } = next;
    if (before.verdict.kind === verdict.kind && reasonOf(before.verdict) === reasonOf(verdict)) return;
    if (before.verdict.kind !== verdict.kind) {
      patient.sinceMs = this.#parts.clock.nowMs();
      this.#schedule(patient);
    }
    this.#parts.onChange();
  }
}

function reasonOf(verdict: Verdict): string | undefined {
  return verdict.kind === 'fit' ? undefined : verdict.reason;
}

function probeByPlan(endpoint: Endpoint, plan: HealthPlan, signal: AbortSignal): Promise<ProbeResult> {
  switch (plan.kind) {
    case 'http':
      return probeHttp(endpoint, plan, signal);
    case 'tcp':
      return probeTcp(endpoint, plan.timeoutMs, signal);
    case 'none':
    case 'docker':
    case 'readiness':
      return probeTcp(endpoint, readinessTimeoutMs, signal);
  }
}
