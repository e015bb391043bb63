import { backoffDelayMs } from '../time/backoff.ts';
import type { Clock } from '../time/clock.ts';
import type { CounterWriter } from './counters.ts';
import type { Endpoint, UpstreamSpec } from './table.ts';

/**
 * One upstream as a worker knows it: the present spec, who is on it, which of its addresses answered last, and whether
 * it refused lately. A suspect is still a candidate, only the last one: whether it is fit is decided on the control side.
 */
export interface Occupant {
  onUpstreamGone(): void;
  /** Adds what moved since the last time to the counters. */
  sample(): void;
}

const refusedBackoff = { firstMs: 25, maxMs: 1_000 };
/** A dial that got no answer cost its client the whole deadline, so fewer of them are asked to find out again. */
const silentBackoff = { firstMs: 1_000, maxMs: 10_000 };

export class Upstream {
  readonly key: string;
  readonly #occupants = new Set<Occupant>();
  readonly #counters: CounterWriter;
  readonly #slot: number;
  readonly #clock: Clock;
  readonly #random: () => number;
  #spec: UpstreamSpec;
  #preferred = 0;
  #failures = 0;
  #suspectUntilMs = 0;

  constructor(
    collaborators: { readonly counters: CounterWriter; readonly clock: Clock; readonly random: () => number },
    spec: UpstreamSpec,
    slot: number,
  ) {
    this.key = spec.key;
    this.#counters = collaborators.counters;
    this.#clock = collaborators.clock;
    this.#random = collaborators.random;
    this.#spec = spec;
    this.#slot = slot;
  }

  get name(): string {
    return this.#spec.name;
  }

  get weight(): number {
    return this.#spec.weight;
  }

  get takesSessions(): boolean {
    return this.#spec.availability === 'ready' && this.#spec.weight > 0 && this.#spec.endpoints.length > 0;
  }

  /** Over all workers. */
  get active(): number {
    return this.#counters.activeOf(this.#slot);
  }

  get occupants(): ReadonlySet<Occupant> {
    return this.#occupants;
  }

  apply(spec: UpstreamSpec): void {
    if (spec.endpoints.length !== this.#spec.endpoints.length) this.#preferred = 0;
    this.#spec = spec;
  }

  /** The addresses to try, the one that answered last first. */
  endpoints(): readonly Endpoint[] {
    const { endpoints } = this.#spec;
    return this.#preferred === 0
      ? endpoints
      : [...endpoints.slice(this.#preferred), ...endpoints.slice(0, this.#preferred)];
  }

  occupy(occupant: Occupant): void {
    this.#occupants.add(occupant);
    this.#counters.addActive(this.#slot, 1);
  }

  vacate(occupant: Occupant): void {
    if (this.#occupants.delete(occupant)) this.#counters.addActive(this.#slot, -1);
  }

  moved(bytesUp: number, bytesDown: number): void {
    if (bytesUp > 0) this.#counters.add(this.#slot, 'bytesUp', bytesUp);
    if (bytesDown > 0) this.#counters.add(this.#slot, 'bytesDown', bytesDown);
  }

  /** Refused lately, and nobody has found out since that it answers again. */
  isSuspect(nowMs: number): boolean {
    return this.#failures > 0 && nowMs < this.#suspectUntilMs;
  }

  onDial(deadlineMs: number): void {
    this.#counters.add(this.#slot, 'dials', 1);
    // One client finds out; until it has, the others go elsewhere first.
    if (this.#failures > 0) this.#suspectUntilMs = Math.max(this.#suspectUntilMs, this.#clock.nowMs() + deadlineMs);
  }

  onAnswer(endpoint: Endpoint): void {
    this.#counters.add(this.#slot, 'sessions', 1);
    this.#failures = 0;
    this.#preferred = Math.max(0, this.#spec.endpoints.indexOf(endpoint));
  }

  onDialFailed(how: 'refused' | 'silent' | 'gone'): void {
    this.#counters.add(this.#slot, 'dialFailures', 1);
    if (how === 'gone') return;
    const backoff = how === 'silent' ? silentBackoff : refusedBackoff;
    this.#suspectUntilMs = this.#clock.nowMs() + backoffDelayMs(this.#failures, backoff, this.#random);
    this.#failures += 1;
  }

  onRetry(): void {
    this.#counters.add(this.#slot, 'retries', 1);
  }
}
