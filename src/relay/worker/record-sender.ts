import type { Clock, Timer } from '../../time/clock.ts';
import type { SessionRecord } from '../boundary/report.ts';

/**
 * Sends session records to the control thread, in batches. That thread may be busy, so the batches in flight and the
 * waiting records are limited; records beyond that are counted and dropped. Relaying never waits for the log.
 */
interface RecordSenderOptions {
  readonly batchSize: number;
  /** How long a record waits at most for its batch to fill, in milliseconds. */
  readonly delayMs: number;
  readonly maxInFlight: number;
  readonly maxWaiting: number;
}

const defaults: RecordSenderOptions = { batchSize: 512, delayMs: 50, maxInFlight: 4, maxWaiting: 8_192 };

export class RecordSender {
  readonly #clock: Clock;
  readonly #send: (records: SessionRecord[], dropped: number) => void;
  readonly #options: RecordSenderOptions;
  #waiting: SessionRecord[] = [];
  #dropped = 0;
  #inFlight = 0;
  #timer: Timer | undefined;

  constructor(
    collaborators: {
      readonly clock: Clock;
      readonly send: (records: SessionRecord[], dropped: number) => void;
    },
    options: Partial<RecordSenderOptions> = {},
  ) {
    this.#clock = collaborators.clock;
    this.#send = collaborators.send;
    this.#options = { ...defaults, ...options };
  }

  add(record: SessionRecord): void {
    if (this.#waiting.length >= this.#options.maxWaiting) {
      this.#dropped += 1;
      return;
    }
    this.#waiting.push(record);
    if (this.#waiting.length >= this.#options.batchSize) this.#pump();
    else this.#timer ??= this.#clock.after(this.#options.delayMs, () => this.flush());
  }

  /** The control thread has received one batch. */
  onReceived(): void {
    this.#inFlight -= 1;
    if (this.#waiting.length >= this.#options.batchSize || this.#dropped > 0) this.#pump();
    else if (this.#waiting.length > 0) this.#timer ??= this.#clock.after(this.#options.delayMs, () => this.flush());
  }

  flush(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#pump();
  }

  /** Sends all waiting records at once, without waiting for the control thread; called at the end. */
  sendAll(): void {
    this.#inFlight = -Infinity;
    this.flush();
  }

  #pump(): void {
    while (this.#inFlight < this.#options.maxInFlight && this.#waiting.length + this.#dropped > 0) {
      this.#inFlight += 1;
      const batch = this.#waiting.splice(0, this.#options.batchSize);
      const dropped = this.#dropped;
      this.#dropped = 0;
      this.#send(batch, dropped);
    }
  }
}
