import { stat } from 'node:fs/promises';
import type { EngineActions } from '../engine-actions.ts';
import type { EngineClock } from '../engine-clock.ts';
import { EngineError, type Engine, type EngineGreeting } from '../engine.ts';
import type { EngineAddress } from '../engine-url.ts';
import type { SwarmApi } from '../swarm/swarm-api.ts';
import { nothingAnswers, type Tried } from './nothing-answers.ts';

/** An engine whose optional members are there, so that each must be handed on. */
type WholeEngine = Required<Engine>;

export interface EngineAt {
  readonly address: EngineAddress;
  readonly engine: WholeEngine;
}

interface FirstAnsweringParts {
  readonly clock: EngineClock;
  readonly home: string;
  readonly allowed: EngineActions['allowed'];
}

/**
 * The engine at the first of several addresses that answers. Each ping tries them in order until one has answered; from
 * then on the engine is that one, also while it is away. They are tried one after the other, since a connection may
 * start an engine (systemd's podman.socket).
 */
export class FirstAnswering implements WholeEngine {
  readonly clock: EngineClock;
  readonly actions: EngineActions;
  readonly #candidates: readonly EngineAt[];
  readonly #home: string;
  #chosen: WholeEngine | undefined;

  /** `clock` is that of all candidates, and `allowed` what each of them may do. `home` is shown as ~. */
  constructor(candidates: readonly EngineAt[], { clock, home, allowed }: FirstAnsweringParts) {
    this.#candidates = candidates;
    this.#home = home;
    this.clock = clock;
    this.actions = {
      allowed,
      start: async (id, cause, signal) => (await this.#engine(signal)).actions.start(id, cause, signal),
      stop: async (id, cause, signal) => (await this.#engine(signal)).actions.stop(id, cause, signal),
      pause: async (id, cause, signal) => (await this.#engine(signal)).actions.pause(id, cause, signal),
      unpause: async (id, cause, signal) => (await this.#engine(signal)).actions.unpause(id, cause, signal),
      connect: async (to, cause, signal) => (await this.#engine(signal)).actions.connect(to, cause, signal),
      disconnect: async (from, cause, signal) => (await this.#engine(signal)).actions.disconnect(from, cause, signal),
      keepsGateway: () => this.#chosen?.actions.keepsGateway() ?? false,
    };
  }

  get endpoint(): string {
    return this.#chosen?.endpoint ?? 'one of the usual sockets';
  }

  readonly ping: Engine['ping'] = async (signal) => {
    if (this.#chosen) return this.#chosen.ping(signal);
    const { engine, greeting } = await this.#find(signal);
    // Another ping may have found another engine meanwhile.
    this.#chosen ??= engine;
    return this.#chosen === engine ? greeting : this.#chosen.ping(signal);
  };

  readonly list: Engine['list'] = async (signal, which) => (await this.#engine(signal)).list(signal, which);

  readonly inspect: Engine['inspect'] = async (id, signal) => (await this.#engine(signal)).inspect(id, signal);

  readonly memoryOf: WholeEngine['memoryOf'] = async (id, signal) => (await this.#engine(signal)).memoryOf(id, signal);

  readonly events: Engine['events'] = async (since, signal) => (await this.#engine(signal)).events(since, signal);

  readonly installation: WholeEngine['installation'] = async (signal) =>
    (await this.#engine(signal)).installation(signal);

  readonly swarm: SwarmApi = {
    standing: async (signal) => (await this.#engine(signal)).swarm.standing(signal),
    services: async (ids, signal) => (await this.#engine(signal)).swarm.services(ids, signal),
    nodes: async (signal) => (await this.#engine(signal)).swarm.nodes(signal),
    tasks: async (filter, signal) => (await this.#engine(signal)).swarm.tasks(filter, signal),
    events: async (handlers, signal) => (await this.#engine(signal)).swarm.events(handlers, signal),
  };

  async #find(signal: AbortSignal | undefined): Promise<{ engine: WholeEngine; greeting: EngineGreeting }> {
    const tried: Tried[] = [];
    for (const { address, engine } of this.#candidates) {
      try {
        return { engine, greeting: await engine.ping(signal) };
      } catch (error) {
        if (signal?.aborted || !(error instanceof EngineError)) throw error;
        tried.push({ address, error, isHidden: error.kind === 'permission' && (await isHidden(address)) });
      }
    }
    throw nothingAnswers(tried, this.#home);
  }

  async #engine(signal: AbortSignal | undefined): Promise<WholeEngine> {
    if (!this.#chosen) await this.ping(signal);
    if (!this.#chosen) throw new EngineError('unreachable', 'no engine has answered yet');
    return this.#chosen;
  }
}

/** Whether the permission that is missing is that of the socket's folder. */
async function isHidden({ target }: EngineAddress): Promise<boolean> {
  if (target.kind !== 'socket') return false;
  return stat(target.path).then(
    () => false,
    (error: NodeJS.ErrnoException) => error.code === 'EACCES',
  );
}
