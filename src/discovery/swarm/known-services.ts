import type { SwarmService, SwarmSnapshot } from '../../docker/swarm/facts.ts';
import { servicesOfInterest } from './service-labels.ts';

/**
 * Keeps what was told of the services of a Swarm while containers of their tasks live here, also once no manager tells of
 * them any more: labels that restrict a service must not be forgotten before its containers are, and the death of a
 * container is only heard of while it is followed.
 */
export class KnownServices {
  readonly #labelPrefix: string;
  #all: ReadonlyMap<string, SwarmService> = new Map();
  #followed: ReadonlySet<string> = new Set();

  constructor(labelPrefix: string) {
    this.#labelPrefix = labelPrefix;
  }

  /** By id: the services that are told of, and those of living containers as they were told of last. */
  get all(): ReadonlyMap<string, SwarmService> {
    return this.#all;
  }

  /** The services whose containers are followed without a label of their own: those that have labels, or had. */
  get followed(): ReadonlySet<string> {
    return this.#followed;
  }

  /** `living` are the services of the followed containers. */
  update(told: SwarmSnapshot | undefined, living: ReadonlySet<string>): void {
    const all = new Map(told?.services);
    for (const [id, service] of this.#all) if (!all.has(id) && living.has(id)) all.set(id, service);
    this.#all = all;
    const labelled = servicesOfInterest({ services: all }, this.#labelPrefix);
    this.#followed = labelled.union(this.#followed.intersection(living));
  }
}
