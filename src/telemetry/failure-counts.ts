import { isFailure, type FailureReason, type Failures, type SessionRecord } from '../relay/boundary/report.ts';

/**
 * Counts the sessions that failed, by service and reason, since Sealane began. A client that was rejected before it had
 * a service is not here: the relay's own counters have it.
 */
export class FailureCounts {
  readonly #services = new Map<string, Partial<Record<FailureReason, number>>>();
  readonly #most: number;

  /** @param most the most services to remember; the one whose last failure is the oldest is forgotten for another */
  constructor(most = 10_000) {
    this.#most = most;
  }

  add(records: readonly SessionRecord[]): void {
    for (const { service, reason } of records) {
      if (service === undefined || !isFailure(reason)) continue;
      const counts = this.#services.get(service) ?? {};
      counts[reason] = (counts[reason] ?? 0) + 1;
      // A map keeps the order in which its keys came.
      this.#services.delete(service);
      this.#services.set(service, counts);
      const [oldest] = this.#services.keys();
      if (this.#services.size > this.#most && oldest !== undefined) this.#services.delete(oldest);
    }
  }

  of(service: string): Failures {
    return { ...this.#services.get(service) };
  }
}
