import { composeOf, isOneoff } from '../docker/creator.ts';

/**
 * Says which containers are followed: those with labels of Sealane, and those of Swarm services that have such labels; or all.
 * Where Sealane may start containers, stopped ones that sleep are followed, too, and with them all containers of their
 * compose project, since they may need these.
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

/** Whether a label asks for sleep. The tasks of a Swarm can't: it starts another one for each that ends. */
function asksForSleep(prefix: string, labels: Labels): boolean {
  if (isOneoff(labels) || labels['com.docker.swarm.task.id'] !== undefined) return false;
  for (const key in labels) if (key.startsWith(`${prefix}.`) && key.endsWith('.sleep')) return true;
  return false;
}

export class Interest {
  readonly #labelPrefix: string;
  readonly #inAll: boolean;
  readonly #followsStopped: boolean;
  #serviceIds: ReadonlySet<string> = new Set();
  /** The compose projects of containers that sleep. */
  readonly #projects = new Set<string>();

  constructor(labelPrefix: string, expose: Expose, followsStopped = false) {
    this.#labelPrefix = labelPrefix;
    this.#inAll = expose === 'all';
    this.#followsStopped = followsStopped;
  }

  /** Sets the Swarm services whose containers are followed; returns whether they are others than before. */
  follow(serviceIds: ReadonlySet<string>): boolean {
    const isSame = serviceIds.size === this.#serviceIds.size && serviceIds.isSubsetOf(this.#serviceIds);
    this.#serviceIds = serviceIds;
    return !isSame;
  }

  /** Follows the whole compose project of a container that sleeps; returns whether it was not followed before. */
  followProjectOf(labels: Labels): boolean {
    if (!this.#followsStopped || !asksForSleep(this.#labelPrefix, labels)) return false;
    const project = composeOf(labels)?.project;
    if (project === undefined || this.#projects.has(project)) return false;
    this.#projects.add(project);
    return true;
  }

  isIn(labels: Labels): boolean {
    if (this.#inAll || hasLabelsOf(this.#labelPrefix, labels) || this.#isOfProject(labels)) return true;
    const serviceId = this.#serviceIds.size === 0 ? undefined : labels['com.docker.swarm.service.id'];
    return serviceId !== undefined && this.#serviceIds.has(serviceId);
  }

  /** Whether the container is followed also while it is stopped. */
  keepsStopped(labels: Labels): boolean {
    if (!this.#followsStopped || isOneoff(labels)) return false;
    return asksForSleep(this.#labelPrefix, labels) || this.#isOfProject(labels);
  }

  #isOfProject(labels: Labels): boolean {
    if (this.#projects.size === 0) return false;
    const project = composeOf(labels)?.project;
    return project !== undefined && this.#projects.has(project);
  }
}
