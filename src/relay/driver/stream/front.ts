import type { Socket } from 'node:net';
import { LookPace, pauseMs } from '../peek-pace.ts';
import { EarlyBytes } from './early-bytes.ts';

/**
 * What a client sends before it is relayed: read up to a limit, kept for the upstream, and told of to whoever looks.
 *
 * Node takes a paused socket out of its epoll set altogether, so neither FIN nor RST is noticed there (measured on 26).
 * A waiting client is therefore read; one that has sent more than the limit no longer is, and that it left is noticed
 * only once it is relayed. The hold bounds how long that takes.
 */
const mostEarly = 64 * 1024;

export class Front {
  /** The client has ended its direction. */
  hasEnded = false;
  readonly #early = new EarlyBytes();
  readonly #onBytes: (bytes: Uint8Array, ended: boolean) => void;
  #client: Socket | undefined;
  #looksUpTo = 0;
  #lookIsDue = false;
  #pace: LookPace | undefined;

  constructor(onBytes: (bytes: Uint8Array, ended: boolean) => void) {
    this.#onBytes = onBytes;
  }

  get isEmpty(): boolean {
    return this.#early.length === 0;
  }

  get isLookedAt(): boolean {
    return this.#looksUpTo > 0;
  }

  read(client: Socket): void {
    this.#client = client;
    client.on('data', this.#onData);
  }

  look(limit: number): void {
    this.#looksUpTo = Math.min(limit, mostEarly);
    this.#pace = new LookPace();
    if (!this.isEmpty || this.hasEnded) this.#lookSoon();
  }

  stopLooking(): void {
    this.#looksUpTo = 0;
  }

  take(count: number): void {
    this.#early.drop(count);
    if (this.#early.length < mostEarly) this.#client?.resume();
  }

  /** From now on the client is read by somebody else. */
  takeAll(): readonly Buffer[] {
    this.#client?.off('data', this.#onData);
    this.#looksUpTo = 0;
    return this.#early.takeAll();
  }

  onEnd(): void {
    this.hasEnded = true;
    if (this.isLookedAt) this.#lookSoon();
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#early.add(chunk);
    if (this.#early.length >= mostEarly) this.#client?.pause();
    if (this.isLookedAt) this.#lookSoon();
  };

  /** Once for all that comes in the same turn; and never from within a call. */
  #lookSoon(): void {
    if (this.#lookIsDue) return;
    this.#lookIsDue = true;
    setImmediate(() => this.#lookIfDue());
  }

  #lookIfDue(): void {
    const bytes = this.#early.view(this.#looksUpTo);
    const nowMs = performance.now();
    if (this.isLookedAt && !this.hasEnded && !this.#pace?.isDue(bytes.length, nowMs))
      return void setTimeout(() => this.#lookIfDue(), pauseMs);
    this.#lookIsDue = false;
    if (!this.isLookedAt) return;
    this.#pace?.looked(bytes.length, nowMs);
    this.#onBytes(bytes, this.hasEnded && bytes.length < this.#looksUpTo);
  }
}
