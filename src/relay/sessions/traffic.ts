import type { Clock } from '../../time/clock.ts';
import type { Channel } from '../driver/driver.ts';
import type { PoolUpstream } from '../upstreams/upstream.ts';

/**
 * Tracks how many of a session's bytes were added to its upstream's counters, and since when no byte has moved.
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

  /** Adds the bytes relayed since the last call to the upstream's counters. */
  count(upstream: PoolUpstream, clock: Clock): void {
    const { bytesUp, bytesDown } = this.#channel;
    if (bytesUp === this.#countedUp && bytesDown === this.#countedDown) return;
    this.#movedAtMs = clock.nowMs();
    upstream.moved(bytesUp - this.#countedUp, bytesDown - this.#countedDown);
    this.#countedUp = bytesUp;
    this.#countedDown = bytesDown;
  }

  /** How long no byte has moved, in milliseconds; 0 while there are bytes that were not counted or not sent yet. */
  idleMs(nowMs: number): number {
    const { bytesUp, bytesDown, hasUnsent = false } = this.#channel;
    const isMoving = hasUnsent || bytesUp !== this.#countedUp || bytesDown !== this.#countedDown;
    return isMoving ? 0 : nowMs - this.#movedAtMs;
  }
}
