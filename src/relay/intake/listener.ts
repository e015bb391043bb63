import { backoffDelayMs } from '../../time/backoff.ts';
import type { Timer } from '../../time/clock.ts';
import type { Bind, Channel, Driver, DriverListener } from '../driver/driver.ts';
import type { ListenerStatus } from '../boundary/report.ts';
import { removeIfStale } from '../driver/socket-file.ts';
import { isUnix, unixPath } from '../../address/address.ts';

/**
 * One listen address that wants to be bound: tries again by itself for as long as it is wanted. Knows nothing of pools.
 */
interface ListenerEvents {
  onStatus(status: ListenerStatus): void;
  onChannel(channel: Channel): void;
  onResourceWarning(code: string, message: string): void;
}

/** Whoever holds the port is a person's doing or a process on its way out; both take a second or so. */
const bindBackoff = { firstMs: 1_000, maxMs: 5_000 };

export class Listener {
  readonly #driver: Driver;
  readonly #random: () => number;
  readonly #events: ListenerEvents;
  readonly #bind: Bind;
  #bound: DriverListener | undefined;
  #retry: Timer | undefined;
  #givenPort: number | undefined;
  #attempts = 0;
  #lastCode: string | undefined;
  #closed = false;

  constructor(driver: Driver, random: () => number, events: ListenerEvents, bind: Bind) {
    this.#driver = driver;
    this.#random = random;
    this.#events = events;
    this.#bind = bind;
    this.#tryBind();
  }

  /** Bound with port 0, it answers to the port it was given as well. */
  hasAddress({ host, port }: { readonly host: string; readonly port: number }): boolean {
    return this.#bind.host === host && (this.#bind.port === port || this.#givenPort === port);
  }

  close(): void {
    this.#closed = true;
    this.#retry?.cancel();
    this.#bound?.close();
  }

  #tryBind(): void {
    this.#bound = this.#driver.listen(this.#bind, {
      onListening: (host, port) => {
        this.#givenPort = port;
        this.#attempts = 0;
        this.#lastCode = undefined;
        if (!this.#closed) this.#events.onStatus({ kind: 'listening', host, port });
      },
      onFailed: (code, message) => {
        if (!this.#closed) this.#onFailed(code, message);
      },
      onChannel: (channel) => this.#events.onChannel(channel),
      onResourceWarning: (code, message) => this.#events.onResourceWarning(code, message),
    });
  }

  #onFailed(code: string, message: string): void {
    // The driver keeps it until then.
    this.#bound?.close();
    this.#bound = undefined;
    const { host } = this.#bind;
    if (code !== 'EADDRINUSE' || !isUnix(host)) return this.#retryLater(code, message);
    removeIfStale(unixPath(host), (removed) => {
      if (this.#closed) return;
      if (removed) this.#tryBind();
      else this.#retryLater(code, message);
    });
  }

  #retryLater(code: string, message: string): void {
    // The same failure again is no news.
    if (code !== this.#lastCode) this.#events.onStatus({ kind: 'failed', code, message });
    this.#lastCode = code;
    const delayMs = backoffDelayMs(this.#attempts++, bindBackoff, this.#random);
    this.#retry = this.#driver.clock.after(delayMs, () => this.#tryBind());
  }
}
