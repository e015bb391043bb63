/**
 * Says which containers are followed: those with labels of Sealane, and those of Swarm services that have such labels; or all.
 */
type Labels = Readonly<Record<string, string>>;

export function hasLabelsOf(prefix: string, labels: Labels): boolean {
  for (const key in labels) if (key.startsWith(`${prefix}.`)) return true;
  return false;
}

/** Which containers may be served: those with labels, or all. */
export interface InterestRules {
  readonly labelPrefix: string;
  readonly expose?: Expose | undefined;
}

export type Expose = 'labelled' | 'all';

export class Interest {
  readonly #labelPrefix: string;
  readonly #inAll: boolean;
  #serviceIds: ReadonlySet<string> = new Set();

  constructor(labelPrefix: string, expose: Expose) {
    this.#labelPrefix = labelPrefix;
    this.#inAll = expose === 'all';
  }

  /** Sets the Swarm services whose containers are followed; returns whether they are others than before. */
  follow(serviceIds: ReadonlySet<string>): boolean {
    const isSame = serviceIds.size === this.#serviceIds.size && serviceIds.isSubsetOf(this.#serviceIds);
    this.#serviceIds = serviceIds;
    return !isSame;
  }

  isIn(labels: Labels): boolean {
    if (this.#inAll || hasLabelsOf(this.#labelPrefix, labels)) return true;
    const serviceId = this.#serviceIds.size === 0 ? undefined : labels['com.docker.swarm.service.id'];
    return serviceId !== undefined && this.#serviceIds.has(serviceId);
  }
}
