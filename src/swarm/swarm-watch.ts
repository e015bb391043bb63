import { EngineError } from '../docker/engine.ts';
import type { SwarmService, SwarmSnapshot, SwarmStanding } from '../docker/swarm/facts.ts';
import type { SwarmApi } from '../docker/swarm/swarm-api.ts';
import type { Logger } from '../telemetry/logger.ts';
import { messageOf } from '../text/message-of.ts';
import { printable } from '../text/printable.ts';
import { backoffDelayMs, type BackoffOptions } from '../time/backoff.ts';
import type { Clock, Timer } from '../time/clock.ts';
import { SwarmPoller } from './swarm-poller.ts';
import { isSameState, withKnownNode, type SwarmState } from './swarm-state.ts';

/**
 * Owns what one engine tells of the Swarm that it is in. Where it is a manager, it is asked for services, tasks and nodes;
 * else for nothing but whether it has become one. The last known state of the Swarm is kept while the engine, or the Swarm,
 * does not answer.
 */
export interface SwarmWatch {
  /** The same object until something changes. */
  state(): SwarmState;
  /** The engine's events are heard, from now on or again. */
  connected(): void;
  /** The engine is out of reach. */
  disconnected(): void;
  /** An event tells of a container that belongs to a task of the service. */
  hint(serviceId: string): void;
  /** An event of another engine does so. */
  hintElsewhere(serviceId: string): void;
  /** A dial of a task of the service failed. */
  suspect(serviceId: string): void;
  /** Resolves when no call, timer or connection is left. From then on `onChange` is not called. */
  stop(): Promise<void>;
}

export interface SwarmWatchParts {
  readonly api: SwarmApi;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
  /** Called in the same turn in which the state changed; must be quick. */
  readonly onChange: () => void;
}

interface SwarmWatchOptions {
  /** Whether the service's tasks are wanted. */
  readonly isLabelled: (service: SwarmService) => boolean;
  /** How often services and nodes are read again, in case an event was lost. */
  readonly resyncIntervalMs: number;
}

export function createSwarmWatch(parts: SwarmWatchParts, options: SwarmWatchOptions): SwarmWatch {
  return new StandingWatch(parts, options);
}

const retry: BackoffOptions = { firstMs: 100, maxMs: 10_000 };
/**
 * How often an engine is asked whether it was promoted, and how long what a manager told is kept once it is none. A demoted
 * one refuses the next call.
 */
const standingMs = 10_000;
/** An engine that starts is part of its Swarm some seconds later. */
const pendingMs = 1000;
const mostPendings = 10;
const empty: SwarmSnapshot = { services: new Map(), tasks: new Map(), nodes: new Map(), failed: new Map() };

class StandingWatch implements SwarmWatch {
  readonly #with: SwarmWatchParts;
  readonly #options: SwarmWatchOptions;
  #state: SwarmState = { isAwaited: true };
  #poller: SwarmPoller | undefined;
  #isConnected = false;
  #asking = new AbortController();
  #askedMs = -Infinity;
  /** Whether the engine has told whether it is in a Swarm, has failed to, or was lost before it did. */
  #hasAnswered = false;
  #timer: Timer | undefined;
  /** Since when the engine is no manager any more. */
  #leftMs: number | undefined;
  #pendings = 0;
  #failures = 0;
  #logged: string | undefined;
  readonly #calls = new Set<Promise<void>>();

  constructor(parts: SwarmWatchParts, options: SwarmWatchOptions) {
    this.#with = parts;
    this.#options = options;
  }

  state(): SwarmState {
    return this.#state;
  }

  connected(): void {
    this.#isConnected = true;
    if (!this.#hasAnswered) this.#set({ ...this.#state, isAwaited: true });
    this.#askStanding();
  }

  disconnected(): void {
    // What is served from now on is not taken back when the engine is in reach again.
    this.#hasAnswered ||= this.#askedMs > -Infinity;
    this.#halt();
    this.#set({ ...this.#state, isAwaited: false, isSilent: true });
  }

  suspect(serviceId: string): void {
    this.#poller?.suspect(serviceId);
  }

  hintElsewhere(serviceId: string): void {
    this.#poller?.hint(serviceId);
  }

  hint(serviceId: string): void {
    this.#poller?.hint(serviceId);
    // The first container of a Swarm tells that the engine has joined one.
    if (!this.#isConnected || this.#state.standing?.state === 'active') return;
    const dueInMs = this.#askedMs + standingMs - this.#with.clock.nowMs();
    if (dueInMs <= 0) this.#askStanding();
    else if (this.#state.standing?.state === 'inactive') this.#askAgain(dueInMs);
  }

  async stop(): Promise<void> {
    this.#halt();
    await Promise.all([...this.#calls, this.#poller?.stop()]);
  }

  #halt(): void {
    this.#isConnected = false;
    this.#timer?.cancel();
    this.#asking.abort();
    this.#poller?.halt();
  }

  #askStanding(): void {
    this.#timer?.cancel();
    this.#asking.abort();
    this.#asking = new AbortController();
    this.#askedMs = this.#with.clock.nowMs();
    const call = this.#readStanding(this.#asking.signal).finally(() => this.#calls.delete(call));
    this.#calls.add(call);
  }

  async #readStanding(signal: AbortSignal): Promise<void> {
    try {
      const standing = await this.#with.api.standing(signal);
      if (signal.aborted) return;
      this.#hasAnswered = true;
      this.#stand(standing);
    } catch (error) {
      if (signal.aborted) return;
      this.#hasAnswered = true;
      this.#unanswered(error);
    }
  }

  #stand(standing: SwarmStanding): void {
    this.#pendings = standing.state === 'pending' ? this.#pendings + 1 : 0;
    if (standing.isManager) return this.#follow(standing);
    switch (standing.state) {
      case 'active':
      case 'inactive':
        return this.#leave(standing);
      case 'pending':
        // What was known before the engine was started again holds until it has found its Swarm.
        if (this.#pendings <= mostPendings) return this.#askAgain(pendingMs);
        this.#failed('this node has not found its Swarm yet: has it a leader?', standing);
        return this.#askAgain(standingMs);
      case 'locked':
      case 'error':
        this.#failed(`the Swarm can't be asked, since this node of it is in the state ${standing.state}`, standing);
        return this.#askAgain(standingMs);
    }
  }

  #follow(standing: SwarmStanding): void {
    this.#leftMs = undefined;
    // While a Swarm has no leader, its managers don't tell which one it is.
    const known = this.#state.clusterId;
    const clusterId = standing.clusterId ?? known;
    if (known !== undefined && known !== clusterId) this.#drop();
    this.#poller ??= new SwarmPoller(
      {
        ...this.#with,
        isLabelled: this.#options.isLabelled,
        onRead: () => this.#onRead(),
        onSlow: () => this.#set({ ...this.#state, isSilent: true }),
        onFailure: (error) => this.#onPollFailure(error),
      },
      this.#options,
    );
    this.#set({ ...this.#state, standing, clusterId });
    if (!this.#poller.isActive) this.#poller.start();
  }

  /** The engine is no manager. One that was is so for a moment after its start, too. */
  #leave(standing: SwarmStanding): void {
    const nowMs = this.#with.clock.nowMs();
    this.#leftMs ??= nowMs;
    this.#failures = 0;
    if (this.#poller && nowMs - this.#leftMs < standingMs) {
      this.#poller.halt();
      this.#set({ ...this.#state, standing });
      return this.#askAgain(pendingMs);
    }
    this.#drop();
    this.#set({ standing, isAwaited: false });
    if (standing.state === 'active') this.#askAgain(standingMs);
  }

  #drop(): void {
    const poller = this.#poller;
    this.#poller = undefined;
    if (!poller) return;
    const call = poller.stop().finally(() => this.#calls.delete(call));
    this.#calls.add(call);
  }

  #onRead(): void {
    const snapshot = this.#poller?.snapshot;
    if (!snapshot) return;
    this.#failures = 0;
    if (this.#logged !== followed) {
      this.#logged = followed;
      const { services, nodes } = snapshot;
      const fields = { event: 'swarm-connected', services: services.size, nodes: nodes.size } as const;
      this.#with.logger.info(fields, `following the Swarm: services ${services.size}, nodes ${nodes.size}`);
    }
    const { isSilent: _, ...state } = this.#state;
    this.#set({ ...state, snapshot, isAwaited: false });
  }

  /** The engine did not say whether it is in a Swarm. */
  #unanswered(error: unknown): void {
    // While a Swarm has no leader, its managers don't say so: its own calls tell more, and are tried beside this one.
    if (this.#poller) return this.#poller.isActive ? undefined : this.#onPollFailure(error);
    // No Swarm is expected of it then.
    this.#failures += 1;
    this.#set({ ...this.#state, isAwaited: false });
    if (!isForbidden(error)) this.#askAgain(backoffDelayMs(this.#failures - 1, retry, this.#with.random));
  }

  #onPollFailure(error: unknown): void {
    this.#failures += 1;
    // A call that was cut off, or a leader that changed, is not worth a word.
    if (this.#failures > 1 || isForbidden(error)) this.#failed(messageOf(error), this.#state.standing);
    this.#set({ ...this.#state, isSilent: true });
    this.#timer?.cancel();
    if (!this.#isConnected) return;
    const delayMs = backoffDelayMs(this.#failures - 1, retry, this.#with.random);
    this.#timer = this.#with.clock.after(delayMs, () => {
      this.#poller?.start();
      // It may be no manager any more.
      this.#askStanding();
    });
  }

  #failed(message: string, standing: SwarmStanding | undefined): void {
    const failure = printable(message, 400);
    if (this.#logged !== failure) {
      this.#logged = failure;
      const line = `${failure}; keeping what is known of the Swarm meanwhile`;
      this.#with.logger.warn({ event: 'swarm-unreadable', reason: failure }, line);
    }
    const { snapshot = empty } = this.#state;
    const failing = snapshot.failure === failure ? snapshot : { ...snapshot, failure };
    this.#set({ ...this.#state, ...(standing && { standing }), snapshot: failing, isAwaited: false });
  }

  #askAgain(delayMs: number): void {
    this.#timer?.cancel();
    if (this.#isConnected) this.#timer = this.#with.clock.after(delayMs, () => this.#askStanding());
  }

  #set(told: SwarmState): void {
    const state = withKnownNode(told, this.#state);
    if (isSameState(this.#state, state)) return;
    this.#state = state;
    this.#with.onChange();
  }
}

function isForbidden(error: unknown): boolean {
  return error instanceof EngineError && error.forbidden;
}

/** What is logged while a Swarm is followed. */
const followed = 'followed';
