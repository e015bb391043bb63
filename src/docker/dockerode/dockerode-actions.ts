import type { EngineAction } from '../../config/engine-actions.ts';
import {
  actionInWords,
  changingEndpoints,
  type ActionRecord,
  type EngineActions,
  type EngineChange,
} from '../engine-actions.ts';
import { EngineError } from '../engine.ts';
import type { ChangeCall, EngineCalls } from './engine-calls.ts';

/**
 * The only place that asks an engine to change anything. It refuses what it was not expressly allowed, and tells of each
 * call before it is made.
 */
export interface ActionRules {
  readonly allowed: ReadonlySet<EngineAction>;
  /** Called before each changing call, and once more if the call fails. */
  readonly onAction: (record: ActionRecord) => void;
}

/** The rules of an engine that was opened without any: nothing is allowed. */
export const noActions: ActionRules = { allowed: new Set(), onAction: () => {} };

type Calls = Pick<EngineCalls, 'change' | 'dialect' | 'apiVersion'>;

export class DockerodeActions implements EngineActions {
  readonly allowed: ReadonlySet<EngineAction>;
  readonly #calls: Calls;
  readonly #onAction: ActionRules['onAction'];

  constructor(calls: Calls, { allowed, onAction }: ActionRules) {
    this.#calls = calls;
    // A copy: what is allowed is decided once.
    this.allowed = new Set(allowed);
    this.#onAction = onAction;
  }

  readonly start: EngineActions['start'] = (id, cause, signal) => this.#toContainer('start', id, cause, signal);
  readonly stop: EngineActions['stop'] = (id, cause, signal) => this.#toContainer('stop', id, cause, signal);
  readonly pause: EngineActions['pause'] = (id, cause, signal) => this.#toContainer('pause', id, cause, signal);
  readonly unpause: EngineActions['unpause'] = (id, cause, signal) => this.#toContainer('unpause', id, cause, signal);

  readonly connect: EngineActions['connect'] = ({ networkId, containerId }, cause, signal) => {
    // Dialects differ in how a connection is marked: the call that is about to be made may be the first of all.
    const body = (): object => ({ Container: containerId, EndpointConfig: this.#calls.dialect.ownConnection });
    return this.#change({ change: 'connect', containerId, networkId, cause }, { id: networkId, body, signal });
  };

  readonly disconnect: EngineActions['disconnect'] = ({ networkId, containerId }, cause, signal) => {
    const body = (): object => ({ Container: containerId, Force: false });
    return this.#change({ change: 'disconnect', containerId, networkId, cause }, { id: networkId, body, signal });
  };

  keepsGateway(): boolean {
    const { apiVersion, dialect } = this.#calls;
    return apiVersion !== undefined && dialect.keepsGateway(apiVersion);
  }

  #toContainer(change: EngineChange, id: string, cause: string, signal?: AbortSignal): Promise<void> {
    return this.#change({ change, containerId: id, cause }, { id, signal });
  }

  async #change(record: ActionRecord, call: Omit<ChangeCall, 'change'>): Promise<void> {
    const { change } = record;
    const { action } = changingEndpoints[change];
    if (!this.allowed.has(action)) {
      const message = `may not ${actionInWords(record)}: --engine-actions does not allow ${action}`;
      throw new EngineError('refused', message, { forbidden: true });
    }
    this.#onAction(record);
    try {
      await this.#calls.change({ change, ...call });
    } catch (error) {
      if (error instanceof EngineError) this.#onAction({ ...record, failure: error.message });
      throw error;
    }
  }
}
