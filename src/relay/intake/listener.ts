import { backoffDelayMs } from '../../time/backoff.ts';
import type { Timer } from '../../time/clock.ts';
import type { Bind, Channel, Driver, DriverListener } from '../driver/driver.ts';
import type { ListenerStatus } from '../boundary/report.ts';
import { removeIfStale } from '../driver/socket-file.ts';
import { isUnix, unixPath } from '../../address/address.ts';

/**
 * One listen address: binds it, and retries failed binds until it is closed. It knows nothing of pools.
 */
interface ListenerEvents {
  onStatus(status: ListenerStatus): void;
  onChannel(channel: Channel): void;
  onResourceWarning(code: string, message: string): void;
}

/** A port in use belongs to a process that is ending or that a person will stop, which takes about a second. */
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

  /** A listener with port 0 also matches the port that the kernel assigned to it. */
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
    // The driver keeps a failed listener until it is closed.
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
    // A repeated failure is reported once.
    if (code !== this.#lastCode) this.#events.onStatus({ kind: 'failed', code, message });
    this.#lastCode = code;
    const delayMs = backoffDelayMs(this.#attempts++, bindBackoff, this.#random);
    this.#retry = this.#driver.clock.after(delayMs, () => this.#tryBind());
  }
}
