import type { Engine } from '../../docker/engine.ts';
import { callName } from '../../docker/endpoints.ts';
import { pingCall } from '../../docker/engine-pace.ts';
import type { Clock, Timer } from '../../time/clock.ts';

/**
 * Watches how long an engine takes to answer, and says so while it is waited for: after a second, and then each time
 * the whole wait is four times as long.
 */
export interface CallWatchHandlers {
  /** A call has not been answered for a while. */
  onWaiting(call: string, waitedMs: number): void;
  /** A call was answered at last. */
  onSlow(call: string, tookMs: number): void;
  /** All calls are answered promptly again. */
  onPrompt(): void;
}

/** An answer that takes longer is slow: a list of 1,000 containers takes a tenth of it. */
const slowMs = 1000;
const growth = 4;
/** A call that was slow and was not made since counts as slow for so long. */
const staleMs = 10 * 60_000;

/** Returns `engine` with its calls watched. */
export function watchCalls(engine: Engine, clock: Clock, handlers: CallWatchHandlers): Engine {
  const watch = new CallWatch(clock, handlers);
  const installation = engine.installation?.bind(engine);
  return {
    // An engine that is still looked for has no address yet.
    get endpoint() {
      return engine.endpoint;
    },
    ...(engine.clock && { clock: engine.clock }),
    ping: (signal) => watch.track(pingCall, () => engine.ping(signal)),
    list: (signal, which) => watch.track(callName('list'), () => engine.list(signal, which)),
    inspect: (id, signal) => watch.track(callName('inspect'), () => engine.inspect(id, signal)),
    events: (since, signal) => watch.track(callName('events'), () => engine.events(since, signal)),
    ...(installation && {
      installation: (signal) => watch.track(callName('info'), () => installation(signal)),
    }),
  };
}

interface Pending {
  readonly call: string;
  readonly beganMs: number;
}

class CallWatch {
  readonly #clock: Clock;
  readonly #handlers: CallWatchHandlers;
  /** The calls under way, oldest first. */
  readonly #pending = new Set<Pending>();
  /** The calls that were slow when they were last made, and when that was. */
  readonly #slow = new Map<string, number>();
  /** How long slow calls have been waited for in all, up to `#countedMs`. */
  #spentMs = 0;
  #countedMs = 0;
  /** The whole wait at which the next line is due. */
  #sayAtMs = slowMs;
  #timer: Timer | undefined;

  constructor(clock: Clock, handlers: CallWatchHandlers) {
    this.#clock = clock;
    this.#handlers = handlers;
  }

  async track<T>(call: string, ask: () => Promise<T>): Promise<T> {
    const pending: Pending = { call, beganMs: this.#clock.nowMs() };
    this.#pending.add(pending);
    this.#schedule();
    try {
      const answer = await ask();
      this.#answered(pending);
      return answer;
    } finally {
      this.#ended(pending);
    }
  }

  #answered({ call, beganMs }: Pending): void {
    const nowMs = this.#clock.nowMs();
    if (nowMs - beganMs >= slowMs) {
      this.#slow.set(call, nowMs);
      this.#handlers.onSlow(call, nowMs - beganMs);
      return;
    }
    if (this.#slow.size === 0) return;
    this.#slow.delete(call);
    for (const [other, atMs] of this.#slow) if (nowMs - atMs > staleMs) this.#slow.delete(other);
    if (this.#slow.size > 0) return;
    this.#spentMs = 0;
    this.#sayAtMs = slowMs;
    this.#handlers.onPrompt();
  }

  #ended(pending: Pending): void {
    const nowMs = this.#clock.nowMs();
    this.#pending.delete(pending);
    if (nowMs - pending.beganMs >= slowMs) {
      this.#spentMs += nowMs - Math.max(pending.beganMs, this.#countedMs);
      this.#countedMs = nowMs;
    }
    this.#schedule();
  }

  #schedule(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    const [oldest] = this.#pending;
    if (!oldest) return;
    const { beganMs } = oldest;
    const dueMs = Math.max(beganMs + slowMs, this.#sayAtMs - this.#spentMs + Math.max(beganMs, this.#countedMs));
    this.#timer = this.#clock.after(Math.max(0, dueMs - this.#clock.nowMs()), () => this.#say(oldest));
  }

  #say({ call, beganMs }: Pending): void {
    const nowMs = this.#clock.nowMs();
    this.#sayAtMs *= growth;
    this.#slow.set(call, nowMs);
    this.#handlers.onWaiting(call, nowMs - beganMs);
    this.#schedule();
  }
}
