import { backoffDelayMs } from '../../time/backoff.ts';
import type { Timer } from '../../time/clock.ts';
import type { Bind, Channel, Driver, DriverListener } from '../driver/driver.ts';
import type { ListenerStatus } from '../boundary/report.ts';
import { removeIfStale } from '../driver/socket-file.ts';
import { placeSocket, type AllowedPlace, type SocketPlace } from '../driver/socket-place.ts';
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
  readonly #socketFolder: string | undefined;
  #bound: { readonly bound: DriverListener; readonly place: AllowedPlace } | undefined;
  #retry: Timer | undefined;
  #givenPort: number | undefined;
  #attempts = 0;
  #lastCode: string | undefined;
  #closed = false;

  /** `socketFolder`: see placeSocket; undefined where paths are not checked. */
  constructor(driver: Driver, random: () => number, events: ListenerEvents, bind: Bind, socketFolder?: string) {
    this.#driver = driver;
    this.#random = random;
    this.#events = events;
    this.#bind = bind;
    this.#socketFolder = socketFolder;
    this.#tryBind();
  }

  /** A listener with port 0 also matches the port that the kernel assigned to it. */
  hasAddress({ host, port }: { readonly host: string; readonly port: number }): boolean {
    return this.#bind.host === host && (this.#bind.port === port || this.#givenPort === port);
  }

  close(): void {
    this.#closed = true;
    this.#retry?.cancel();
    this.#unbind();
  }

  #tryBind(): void {
    const { host: asked } = this.#bind;
    const place = this.#placeOf(asked);
    if (place.kind === 'refused') return this.#retryLater(place.code, place.message);
    const bound = this.#driver.listen(
      { ...this.#bind, host: place.host },
      {
        onListening: (listening, port) => {
          const host = isUnix(asked) ? asked : listening;
          this.#givenPort = port;
          this.#attempts = 0;
          this.#lastCode = undefined;
          if (!this.#closed) this.#events.onStatus({ kind: 'listening', host, port });
        },
        onFailed: (code, message) => {
          if (!this.#closed) this.#onFailed(place, code, message);
        },
        onChannel: (channel) => this.#events.onChannel(channel),
        onResourceWarning: (code, message) => this.#events.onResourceWarning(code, message),
      },
    );
    this.#bound = { bound, place };
  }

  #placeOf(host: string): SocketPlace {
    const folder = this.#socketFolder;
    return folder === undefined ? { kind: 'allowed', host, release: () => {} } : placeSocket(host, folder);
  }

  #unbind(): void {
    this.#bound?.bound.close();
    // The driver removes a socket's file through the place.
    this.#bound?.place.release();
    this.#bound = undefined;
  }

  #onFailed({ host, release }: AllowedPlace, code: string, text: string): void {
    // The driver keeps a failed listener until it is closed.
    this.#bound?.bound.close();
    this.#bound = undefined;
    const message = isUnix(host) ? text.replaceAll(unixPath(host), unixPath(this.#bind.host)) : text;
    if (code !== 'EADDRINUSE' || !isUnix(host)) {
      release();
      return this.#retryLater(code, message);
    }
    removeIfStale(unixPath(host), (removed) => {
      release();
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
