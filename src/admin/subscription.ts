/**
 * The events that wait for one subscriber, up to a number of bytes; beyond it the subscriber is dropped and they are
 * freed.
 */
export interface SubscriptionEvents {
  onDropped(): void;
  onClosed(subscription: Subscription): void;
}

export class Subscription {
  readonly #maxBytes: number;
  readonly #events: SubscriptionEvents;
  #frames: string[] = [];
  #bytes = 0;
  #open = true;
  #wake: (() => void) | undefined;

  constructor(maxBytes: number, events: SubscriptionEvents) {
    this.#maxBytes = maxBytes;
    this.#events = events;
  }

  push(frame: string): void {
    if (!this.#open) return;
    this.#frames.push(frame);
    this.#bytes += frame.length;
    if (this.#bytes > this.#maxBytes) {
      this.close();
      this.#events.onDropped();
      return;
    }
    this.#wake?.();
  }

  /** All waiting events, as soon as there is one; undefined once the subscription is closed. One call at a time. */
  async next(): Promise<string | undefined> {
    if (this.#open && this.#frames.length === 0) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = undefined;
    }
    if (!this.#open) return undefined;
    const text = this.#frames.join('');
    this.#frames = [];
    this.#bytes = 0;
    return text;
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#frames = [];
    this.#bytes = 0;
    this.#wake?.();
    this.#events.onClosed(this);
  }
}
