import { engineActions, type EngineAction } from '../../../src/config/engine-actions.ts';
import type { EngineActions } from '../../../src/docker/engine-actions.ts';

/** The port of changing calls in memory: keeps what was asked for, and answers as the test says. */
export class InMemoryActions implements EngineActions {
  readonly allowed: ReadonlySet<EngineAction>;
  /** What was asked for, in order: `start c1: a client of web`. */
  readonly asked: string[] = [];
  /** Called for each call before it is done, which it fails by throwing. */
  before: (call: string) => Promise<void> | void = () => {};

  constructor(allowed: readonly EngineAction[] = engineActions) {
    this.allowed = new Set(allowed);
  }

  readonly start: EngineActions['start'] = (id, cause) => this.#ask(`start ${id}`, cause);
  readonly stop: EngineActions['stop'] = (id, cause) => this.#ask(`stop ${id}`, cause);
  readonly pause: EngineActions['pause'] = (id, cause) => this.#ask(`pause ${id}`, cause);
  readonly unpause: EngineActions['unpause'] = (id, cause) => this.#ask(`unpause ${id}`, cause);

  readonly connect: EngineActions['connect'] = ({ networkId, containerId }, cause) =>
    this.#ask(`connect ${containerId} ${networkId}`, cause);
  readonly disconnect: EngineActions['disconnect'] = ({ networkId, containerId }, cause) =>
    this.#ask(`disconnect ${containerId} ${networkId}`, cause);
  keepsGateway = (): boolean => true;

  async #ask(call: string, cause: string): Promise<void> {
    this.asked.push(`${call}: ${cause}`);
    await this.before(call);
  }
}
