import type { Readable } from 'node:stream';
import type { EngineEvent } from '../facts.ts';
import { backoffDelayMs, type BackoffOptions } from '../../time/backoff.ts';
import type { Clock } from '../../time/clock.ts';
import type { Engine } from '../engine.ts';
import { parseEventLine } from './event-json.ts';
import { createLineSplitter } from './line-splitter.ts';
import { nextStreamState, type StreamSignal, type StreamState } from './stream-state.ts';
import { formatSince } from '../timestamp.ts';
import { createWatchdog, type WatchdogOptions } from './watchdog.ts';
import { messageOf } from '../../text/message-of.ts';

/**
 * One endless event stream out of many connections: it reconnects for ever, asks the engine to replay what it missed,
 * and drops what it has already seen. Handlers run in the socket's own turn and must be quick: an engine with a slow
 * reader silently loses events. Replay holds 256 events at most, so whoever listens reads a full list at each `streaming`.
 */
export interface EventStreamHandlers {
  /** Another kind of state than before. */
  onState(state: StreamState): void;
  onEvent(event: EngineEvent): void;
  /** Something arrived that could not be read: events may be missing. */
  onGap(reason: string): void;
}

export interface EventStreamOptions {
  readonly backoff: BackoffOptions;
  readonly watchdog: WatchdogOptions;
  /** A stream that lasted this long counts as a success: only then does the backoff start anew. */
  readonly settledAfterMs: number;
  readonly maxLineBytes: number;
}

export const eventStreamDefaults: EventStreamOptions = {
  // An engine restart takes seconds, and opening a local socket costs nothing: never be later than 2 s.
  backoff: { firstMs: 100, maxMs: 2000 },
  watchdog: { intervalMs: 15_000, deadlineMs: 5000 },
  settledAfterMs: 1000,
  // Labels are limited by nothing but the request that set them (the engine takes a few MiB).
  maxLineBytes: 8 * 1024 * 1024,
};

export interface EventStream {
  readonly state: StreamState;
  start(): void;
  /** Resolves when nothing of it runs any more. */
  stop(): Promise<void>;
}

export interface EventStreamCollaborators {
  readonly engine: Pick<Engine, 'ping' | 'events'>;
  readonly clock: Clock;
  readonly random: () => number;
}

export function createEventStream(
  collaborators: EventStreamCollaborators,
  handlers: EventStreamHandlers,
  options: Partial<EventStreamOptions> = {},
): EventStream {
  return new ReconnectingStream(collaborators, handlers, { ...eventStreamDefaults, ...options });
}

/** More than the engine ever replays. */
const rememberedEvents = 512;

class ReconnectingStream implements EventStream {
  readonly #with: EventStreamCollaborators;
  readonly #handlers: EventStreamHandlers;
  readonly #options: EventStreamOptions;
  /** Ends what runs now: a connection or the wait for the next. Renewed each time, so that no listener piles up. */
  #current = new AbortController();
  #state: StreamState = { kind: 'idle' };
  #running: Promise<void> = Promise.resolve();
  #latestNs: bigint | undefined;
  /** In order of arrival, oldest first. */
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
      await this.#sleep(backoffDelayMs(this.#state.failures - 1, this.#options.backoff, this.#with.random));
      this.#signal({ kind: 'retry' });
    }
  }

  /** One connection from ping to end; resolves with why it ended. */
  async #connection(): Promise<string> {
    const { engine } = this.#with;
    const { signal } = this.#current;
    try {
      // First, each time: the engine may have been upgraded, and then speaks another version.
      const { apiVersion } = await engine.ping(signal);
      const since = this.#latestNs === undefined ? undefined : formatSince(this.#latestNs);
      const body = await engine.events(since, signal);
      return await this.#read(body, apiVersion);
    } catch (error) {
      return messageOf(error);
    }
  }

  #read(body: Readable, apiVersion: string): Promise<string> {
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
        onLine: (line) => this.#line(line),
        onOversized: () => this.#handlers.onGap('an event was too large to read'),
      },
      this.#options,
    );
    body.on('data', (chunk: Buffer) => {
      watchdog.alive();
      splitter.push(chunk);
    });
    // A cut connection gives `error` and `close`, never `end`; an engine that stops cleanly gives `end` and `close`.
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
      // Ends the request and a ping that may still be under way.
      this.#current.abort();
      body.removeAllListeners('data');
      body.destroy();
    });
  }

  #line(line: string): void {
    if (this.#state.kind !== 'streaming') return;
    const parsed = parseEventLine(line);
    if (!parsed.ok) {
      this.#handlers.onGap(`an event could not be understood (${parsed.why})`);
      return;
    }
    const event = parsed.value;
    if (!event || this.#isRepeated(event)) return;
    if (this.#latestNs === undefined || event.timeNs > this.#latestNs) this.#latestNs = event.timeNs;
    this.#handlers.onEvent(event);
  }

  /** `since` is inclusive, and other events may share the last one's nanosecond: each is recognised by what it says. */
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

  async #sleep(delayMs: number): Promise<void> {
    this.#current = new AbortController();
    const { signal } = this.#current;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = this.#with.clock.after(delayMs, resolve);
    signal.addEventListener('abort', () => resolve(), { once: true });
    await promise;
    timer.cancel();
  }
}
