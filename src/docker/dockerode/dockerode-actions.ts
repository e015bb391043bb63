import type { EngineAction } from '../../config/engine-actions.ts';
import { changingEndpoints, type ActionRecord, type EngineActions, type EngineChange } from '../engine-actions.ts';
import { EngineError } from '../engine.ts';
import type { EngineCalls } from './engine-calls.ts';

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

export class DockerodeActions implements EngineActions {
  readonly allowed: ReadonlySet<EngineAction>;
  readonly #calls: Pick<EngineCalls, 'change'>;
  readonly #onAction: ActionRules['onAction'];

  constructor(calls: Pick<EngineCalls, 'change'>, { allowed, onAction }: ActionRules) {
    this.#calls = calls;
    // A copy: what is allowed is decided once.
    this.allowed = new Set(allowed);
    this.#onAction = onAction;
  }

  readonly start: EngineActions['start'] = (id, cause, signal) => this.#change('start', id, cause, signal);
  readonly stop: EngineActions['stop'] = (id, cause, signal) => this.#change('stop', id, cause, signal);
  readonly pause: EngineActions['pause'] = (id, cause, signal) => this.#change('pause', id, cause, signal);
  readonly unpause: EngineActions['unpause'] = (id, cause, signal) => this.#change('unpause', id, cause, signal);

  async #change(change: EngineChange, containerId: string, cause: string, signal?: AbortSignal): Promise<void> {
    const { action, words } = changingEndpoints[change];
    if (!this.allowed.has(action)) {
      const message = `may not ${words} ${containerId.slice(0, 12)}: --engine-actions does not allow ${action}`;
      throw new EngineError('refused', message, { forbidden: true });
    }
    this.#onAction({ change, containerId, cause });
    try {
      await this.#calls.change(change, containerId, signal);
    } catch (error) {
      if (error instanceof EngineError) this.#onAction({ change, containerId, cause, failure: error.message });
      throw error;
    }
  }
}
