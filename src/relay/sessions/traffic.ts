import type { Clock } from '../../time/clock.ts';
import type { Channel } from '../driver/driver.ts';
import type { PoolUpstream } from '../upstreams/upstream.ts';

/**
 * What of a session's bytes has been added to its upstream's counters, and since when none has moved.
 */
export class Traffic {
  readonly #channel: Channel;
  #countedUp = 0;
  #countedDown = 0;
  #movedAtMs = 0;

  constructor(channel: Channel) {
    this.#channel = channel;
  }

  /** The session is relayed from now on. */
  start(nowMs: number): void {
    this.#movedAtMs = nowMs;
  }

  /** Adds what moved since the last time. */
  count(upstream: PoolUpstream, clock: Clock): void {
    const { bytesUp, bytesDown } = this.#channel;
    if (bytesUp === this.#countedUp && bytesDown === this.#countedDown) return;
    this.#movedAtMs = clock.nowMs();
    upstream.moved(bytesUp - this.#countedUp, bytesDown - this.#countedDown);
    this.#countedUp = bytesUp;
    this.#countedDown = bytesDown;
  }

  /** 0 while bytes move that were not counted yet, or are not sent. */
  idleMs(nowMs: number): number {
    const { bytesUp, bytesDown, hasUnsent = false } = this.#channel;
    const isMoving = hasUnsent || bytesUp !== this.#countedUp || bytesDown !== this.#countedDown;
    return isMoving ? 0 : nowMs - this.#movedAtMs;
  }
}
