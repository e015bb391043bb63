import type { ContainerFacts } from '../../docker/facts.ts';
import type { Endpoint } from '../../relay/boundary/table.ts';
import { askedContainer, isProved } from '../addresses/proof.ts';

/**
 * Asks the engine whether a container still has the address that has just answered. Each question needs an inspect that
 * began after it; all those that come during one share the next, so there is one at a time for each container.
 */
export class Confirmations {
  readonly #inspect: (id: string) => Promise<ContainerFacts | undefined>;
  readonly #running = new Map<string, Promise<ContainerFacts | undefined>>();
  readonly #next = new Map<string, Promise<ContainerFacts | undefined>>();

  /** `inspect` resolves to undefined where there is no such container, and where the engine does not answer. */
  constructor(inspect: (id: string) => Promise<ContainerFacts | undefined>) {
    this.#inspect = inspect;
  }

  async confirm(endpoint: Endpoint): Promise<boolean> {
    const id = askedContainer(endpoint);
    const facts = id === undefined ? undefined : await this.#read(id);
    if (!facts) return false;
    const { networking } = facts;
    return isProved(endpoint, facts, networking.kind === 'container' ? await this.#read(networking.of) : undefined);
  }

  #read(id: string): Promise<ContainerFacts | undefined> {
    const running = this.#running.get(id);
    if (!running) return this.#begin(id);
    const waiting = this.#next.get(id);
    if (waiting) return waiting;
    const next = running.then(() => {
      this.#next.delete(id);
      return this.#begin(id);
    });
    this.#next.set(id, next);
    return next;
  }

  #begin(id: string): Promise<ContainerFacts | undefined> {
    const running = this.#inspect(id).finally(() => {
      if (this.#running.get(id) === running) this.#running.delete(id);
    });
    this.#running.set(id, running);
    return running;
  }
}
