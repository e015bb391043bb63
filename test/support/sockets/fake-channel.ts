import type { Channel, ChannelEvents, Driver, ListenEvents, Preface } from '../../../src/relay/driver/driver.ts';
import type { Endpoint } from '../../../src/relay/boundary/table.ts';
import type { Clock } from '../../../src/time/clock.ts';

/**
 * A session's network side without a network: the test plays the client and the upstreams.
 */
export class FakeChannel implements Channel {
  readonly client: string;
  readonly local = '192.0.2.9:80';
  bytesUp = 0;
  bytesDown = 0;
  /** The ports dialed, in order. */
  readonly dials: number[] = [];
  hasUnsent = false;
  phase: 'idle' | 'dialing' | 'relaying' | 'aborted' | 'finished' | 'rejected' = 'idle';
  preface: Preface | undefined;
  /** The limit of the last `peek`; undefined where the channel is not peeked at. */
  peekLimit: number | undefined;
  consumed = 0;
  written = '';
  #events: ChannelEvents | undefined;

  constructor(client = '192.0.2.1:5000') {
    this.client = client;
  }

  attach(events: ChannelEvents): void {
    this.#events = events;
    this.peekLimit = undefined;
  }

  dial({ port }: Endpoint): void {
    this.dials.push(port);
    this.phase = 'dialing';
  }

  abortDial(): void {
    this.phase = 'idle';
  }

  relay(_idleTimeoutMs?: number, preface?: Preface): void {
    this.preface = preface;
    this.phase = 'relaying';
  }

  peek(limit: number): void {
    this.peekLimit = limit;
  }

  consume(count: number): void {
    this.consumed += count;
  }

  write(bytes: Uint8Array): void {
    this.written += Buffer.from(bytes).toString('latin1');
  }

  reject(bytes: Uint8Array): void {
    this.write(bytes);
    this.phase = 'rejected';
  }

  /** The client has sent these bytes so far, without those that were consumed before. */
  send(text: string, ended = false): void {
    this.#events?.onClientBytes?.(Buffer.from(text, 'latin1'), ended);
  }

  abort(): void {
    this.phase = 'aborted';
  }

  answer(): void {
    this.#events?.onDialed();
  }

  refuse(code = 'ECONNREFUSED'): void {
    this.phase = 'idle';
    this.#events?.onDialFailed(code);
  }

  /** The upstream resets the connection before a byte has passed. */
  lose(code = 'ECONNRESET'): void {
    this.phase = 'idle';
    this.#events?.onUpstreamLost(code);
  }

  leave(how: 'reset' | 'ended' = 'reset'): void {
    this.#events?.onClientLeft(how);
  }

  finish(): void {
    this.phase = 'finished';
  }

  /** Both sides end in order. */
  end(): void {
    this.#events?.onRelayEnded('finished');
  }
}

export class FakeDriver implements Driver {
  readonly clock: Clock;
  readonly binds: { readonly host: string; readonly port: number; readonly events: ListenEvents; closed: boolean }[] =
    [];

  constructor(clock: Clock) {
    this.clock = clock;
  }

  listen({ host, port }: { readonly host: string; readonly port: number }, events: ListenEvents): { close(): void } {
    const bind = { host, port, events, closed: false };
    this.binds.push(bind);
    return { close: () => void (bind.closed = true) };
  }
}
