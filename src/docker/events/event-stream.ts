import type { Readable } from 'node:stream';
import type { EngineEvent } from '../facts.ts';
import { backoffDelayMs, type BackoffOptions } from '../../time/backoff.ts';
import type { Clock } from '../../time/clock.ts';
import { sleep } from '../../time/sleep.ts';
import type { Dialect } from '../dialect.ts';
import type { Engine, EngineGreeting } from '../engine.ts';
import { parseEventLine } from './event-json.ts';
import type { Shape } from '../json/json-sieve.ts';
import { keptShapes, maxKeptBytes } from '../json/kept-shapes.ts';
import { createLineSplitter } from './line-splitter.ts';
import { nextStreamState, type StreamSignal, type StreamState } from './stream-state.ts';
import { formatSince } from '../timestamp.ts';
import { createWatchdog, type WatchdogOptions } from './watchdog.ts';
import { messageOf } from '../../text/message-of.ts';

/**
 * Makes one endless event stream out of many connections: it reconnects for ever, asks the engine to replay missed
 * events, and drops repeated ones. Handlers run in the socket's own turn and must be quick, since an engine silently
 * drops events for a slow reader. A replay has at most 256 events, so the owner reads a full list at each `streaming`.
 */
export interface EventStreamHandlers {
  /** Called when the kind of the state changed. */
  onState(state: StreamState): void;
  onEvent(event: EngineEvent): void;
  /** Called when something unreadable arrived, so that events may be missing. */
  onGap(reason: string): void;
}

export interface EventStreamOptions {
  readonly backoff: BackoffOptions;
  readonly watchdog: WatchdogOptions;
  /** A stream that lasted this long counts as a success, after which the backoff starts anew. */
  readonly settledAfterMs: number;
  /** What is kept of an event, and how much at most. */
  readonly kept: Shape;
  readonly maxLineBytes: number;
}

export const eventStreamDefaults: Omit<EventStreamOptions, 'kept'> = {
  // The delay is at most 2 s: an engine restart takes seconds, and opening a local socket costs almost nothing.
  backoff: { firstMs: 100, maxMs: 2000 },
  watchdog: { intervalMs: 15_000 },
  settledAfterMs: 1000,
  maxLineBytes: maxKeptBytes,
};

export interface EventStream {
  readonly state: StreamState;
  start(): void;
  /** Resolves when no connection, call or timer is left. */
  stop(): Promise<void>;
}

export interface EventStreamCollaborators {
  readonly engine: Pick<Engine, 'ping' | 'events' | 'clock'>;
  readonly clock: Clock;
  readonly random: () => number;
}

export function createEventStream(
  collaborators: EventStreamCollaborators,
  handlers: EventStreamHandlers,
  options: Partial<EventStreamOptions> = {},
): EventStream {
  const { kept = keptShapes('sealane').event } = options;
  return new ReconnectingStream(collaborators, handlers, { ...eventStreamDefaults, ...options, kept });
}

/** This is more than the engine ever replays (256). */
const rememberedEvents = 512;

class ReconnectingStream implements EventStream {
  readonly #with: EventStreamCollaborators;
  readonly #handlers: EventStreamHandlers;
  readonly #options: EventStreamOptions;
  /**
   * Ends the current connection, or the wait for the next one. It is renewed each time, so that listeners don't pile
   * up.
   */
  #current = new AbortController();
  #state: StreamState = { kind: 'idle' };
  #running: Promise<void> = Promise.resolve();
  #latestNs: bigint | undefined;
  /** The keys of recent events in order of arrival, oldest first. */
  readonly #seen = new Set<string>();

  constructor(collaborators: EventStreamCollaborators, handlers: EventStreamHandlers, options: EventStreamOptions) {
    this.#with = collaborators;
    this.#handlers = handlers;
    this.#options = options;
  }

  get state(): StreamState {
    return this.#state;
  }

  start(): void {
    if (this.#state.kind !== 'idle') return;
    this.#signal({ kind: 'start' });
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#signal({ kind: 'stop' });
    this.#current.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    while (this.#state.kind !== 'stopped') {
      this.#current = new AbortController();
      const reason = await this.#connection();
      this.#signal({ kind: 'lost', reason });
      if (this.#state.kind !== 'waiting') return;
      this.#current = new AbortController();
      const delayMs = backoffDelayMs(this.#state.failures - 1, this.#options.backoff, this.#with.random);
      await sleep(this.#with.clock, delayMs, this.#current.signal);
      this.#signal({ kind: 'retry' });
    }
  }

  /** Runs one connection from its ping to its end; resolves with the reason of the end. */
  async #connection(): Promise<string> {
    const { engine } = this.#with;
    const { signal } = this.#current;
    try {
      // Each connection begins with a ping: the engine may have been upgraded, and then speaks another version.
      const greeting = await engine.ping(signal);
      const body = await engine.events(this.#since(), signal);
      return await this.#read(body, greeting);
    } catch (error) {
      return messageOf(error);
    }
  }

  /**
   * The time of the latest event, which is asked for again; undefined where it is yet to come on the engine's clock. That
   * clock was set back then, or another engine answers; and Podman tells of nothing until its clock is there.
   */
  #since(): string | undefined {
    if (this.#latestNs === undefined) return undefined;
    const { engine, clock } = this.#with;
    if (engine.clock?.isAhead(Number(this.#latestNs) / 1e6, clock.wallMs()) === true) this.#latestNs = undefined;
    return this.#latestNs === undefined ? undefined : formatSince(this.#latestNs);
  }

  #read(body: Readable, { apiVersion, dialect }: EngineGreeting): Promise<string> {
    const { engine, clock } = this.#with;
    const { promise, resolve } = Promise.withResolvers<string>();
    const { signal } = this.#current;
    const watchdog = createWatchdog(
      { clock, ping: () => engine.ping(signal), onDead: resolve },
      this.#options.watchdog,
    );
    const settled = clock.after(this.#options.settledAfterMs, () => this.#signal({ kind: 'settled' }));
    const splitter = createLineSplitter(
      {
        onLine: (line) => this.#line(line, dialect),
        onOversized: () => this.#handlers.onGap('an event was too large to read'),
      },
      this.#options,
    );
    body.on('data', (chunk: Buffer) => {
      watchdog.alive();
      splitter.push(chunk);
    });
    // A cut connection emits `error` and `close`, never `end`; an engine that stops cleanly emits `end` and `close`.
    body.on('error', (error) => resolve(`the event stream broke (${error.message})`));
    body.on('close', () => resolve('the engine closed the event stream'));
    if (body.destroyed) resolve('the engine closed the event stream');
    const stopped = (): void => resolve('stopped');
    signal.addEventListener('abort', stopped, { once: true });
    if (signal.aborted) stopped();
    else this.#signal({ kind: 'subscribed', apiVersion });
    return promise.finally(() => {
      watchdog.stop();
      settled.cancel();
      // The abort ends the request, and a ping that may still be under way.
      this.#current.abort();
      body.removeAllListeners('data');
      body.destroy();
    });
  }

  #line(line: string, dialect: Dialect): void {
    if (this.#state.kind !== 'streaming') return;
    const parsed = parseEventLine(line, dialect);
    if (!parsed.ok) {
      this.#handlers.onGap(`an event could not be understood (${parsed.why})`);
      return;
    }
    const event = parsed.value;
    if (!event || this.#isRepeated(event)) return;
    if (this.#latestNs === undefined || event.timeNs > this.#latestNs) this.#latestNs = event.timeNs;
    this.#handlers.onEvent(event);
  }

  /**
   * Recognizes repeated events by their content, since `since` is inclusive and several events may share a nanosecond.
   */
  #isRepeated(event: EngineEvent): boolean {
    const key = `${event.timeNs} ${event.type} ${event.containerId} ${event.action}`;
    if (this.#seen.has(key)) return true;
    this.#seen.add(key);
    if (this.#seen.size > rememberedEvents) {
      const [oldest] = this.#seen;
      if (oldest !== undefined) this.#seen.delete(oldest);
    }
    return false;
  }

  #signal(signal: StreamSignal): void {
    const before = this.#state;
    this.#state = nextStreamState(before, signal);
    if (this.#state.kind !== before.kind) this.#handlers.onState(this.#state);
  }
}
