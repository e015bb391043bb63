import type {
  Channel,
  ChannelEvents,
  DialLane,
  Driver,
  ListenEvents,
  Preface,
} from '../../../src/relay/driver/driver.ts';
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
  /** The ports that are being dialed; once one has answered, its port alone, until the end. */
  readonly lanes: [number | undefined, number | undefined] = [undefined, undefined];
  hasUnsent = false;
  phase: 'idle' | 'dialing' | 'settling' | 'relaying' | 'aborted' | 'finished' | 'rejected' = 'idle';
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

  dial({ port }: Endpoint, _tls?: unknown, lane: DialLane = 0): void {
    this.dials.push(port);
    this.lanes[lane] = port;
    this.phase = 'dialing';
  }

  abortDial(lane?: DialLane): void {
    this.#endDial(lane);
  }

  settle(_withinMs: number, preface?: Preface): void {
    this.preface = preface;
    this.phase = 'settling';
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
    this.#endDial();
    this.phase = 'aborted';
  }

  answer(lane = this.#busyLane): void {
    this.lanes[lane === 0 ? 1 : 0] = undefined;
    this.#events?.onDialed(lane);
  }

  refuse(code = 'ECONNREFUSED', lane = this.#busyLane): void {
    this.#endDial(lane);
    this.#events?.onDialFailed(code, lane);
  }

  /** The upstream resets the connection before a byte has passed. */
  lose(code = 'ECONNRESET', wasRead?: boolean): void {
    this.#endDial();
    this.#events?.onUpstreamLost(code, wasRead);
  }

  /** The upstream stands its trial. */
  pass(): void {
    this.#events?.onSettled?.();
  }

  leave(how: 'reset' | 'ended' = 'reset'): void {
    this.#events?.onClientLeft(how);
  }

  finish(): void {
    this.#endDial();
    this.phase = 'finished';
  }

  /** Both sides end in order. */
  end(): void {
    this.#events?.onRelayEnded('finished');
  }

  get #busyLane(): DialLane {
    return this.lanes[0] === undefined ? 1 : 0;
  }

  #endDial(lane?: DialLane): void {
    if (lane !== 1) this.lanes[0] = undefined;
    if (lane !== 0) this.lanes[1] = undefined;
    if (this.lanes[0] === undefined && this.lanes[1] === undefined) this.phase = 'idle';
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

  readonly hasRoomToSpare = true;
  readonly dialsTls = false;

  deliver(): never {
    throw new Error('nothing is delivered here');
  }
}
