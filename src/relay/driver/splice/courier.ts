import type { Timer } from '../../../time/clock.ts';
import type { Delivery } from '../driver.ts';
import { ListNode } from '../linked-list.ts';
import { Dial, type Dialer, type DialParts } from './upstream/dial.ts';
import type { Deferred, FdWatcher } from './epoll-loop.ts';
import { again } from './libc.ts';

/** The most reads in one turn of the loop, since an upstream may send as fast as it is read. */
const mostReads = 16;

/** Carries out a delivery (see Driver.deliver): dials, writes, and reads until the upstream ends the connection. */
export class Courier implements Dialer, FdWatcher, Deferred {
  /** The node in the driver's list of couriers. */
  readonly node = new ListNode<Courier>(this);
  readonly hasSpoken = false;
  readonly #parts: DialParts;
  readonly #delivery: Delivery;
  readonly #onOver: (isDelivered: boolean) => void;
  readonly #dial: Dial;
  readonly #patience: Timer;
  #isSent = false;
  #isOver = false;
  #isDeferred = false;

  /** `onOver` is also called when the courier is stopped. */
  constructor(parts: DialParts, delivery: Delivery, onOver: (isDelivered: boolean) => void) {
    this.#parts = parts;
    this.#delivery = delivery;
    this.#onOver = onOver;
    this.#dial = new Dial(parts, delivery.endpoint, this);
    this.#dial.start();
    this.#patience = parts.loop.clock.after(delivery.patienceMs, () => this.stop());
  }

  stop(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#patience.cancel();
    this.#dial.close();
    this.#onOver(this.#isSent);
  }

  onDialed(): void {
    const { libc, loop, chunks } = this.#parts;
    const { bytes } = this.#delivery;
    chunks.scratch.bytes.set(bytes);
    // The first write to a socket takes so few bytes at once.
    this.#isSent = libc.write(this.#dial.fd, chunks.scratch, bytes.length) === bytes.length;
    loop.handTo(this.#dial.fd, this);
    this.#defer();
  }

  onDialFailed(): void {
    this.stop();
  }

  onReady(): void {
    this.#defer();
  }

  /** Discards what the upstream answers. */
  runDeferred(): void {
    this.#isDeferred = false;
    if (this.#isOver) return;
    const { libc, chunks } = this.#parts;
    for (let reads = 0; reads < mostReads; reads++) {
      const length = libc.read(this.#dial.fd, chunks.scratch);
      if (length === again) return;
      if (length <= 0) return this.stop();
    }
    // The socket is edge-triggered: what is left would not be reported again.
    this.#defer();
  }

  #defer(): void {
    if (this.#isDeferred) return;
    this.#isDeferred = true;
    this.#parts.loop.defer(this);
  }
}
