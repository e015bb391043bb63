import type { SecureContext } from 'node:tls';
import type { Clock } from '../../time/clock.ts';
import type { Endpoint } from '../boundary/table.ts';

/**
 * What a driver offers: sockets, dials, relaying and time. It moves bytes and decides nothing; sessions, pools and the
 * dispatcher are written against these interfaces only. A driver may keep a channel's state wherever it likes (objects,
 * or typed arrays indexed by file descriptor) and may bring its own clock (a timer wheel turned by its event loop).
 */
export interface Driver {
  /** All waiting in the relay uses it, so that a driver whose thread sleeps in the kernel can keep time itself. */
  readonly clock: Clock;
  /** One attempt to bind. Exactly one of `onListening` and `onFailed` follows, never before this returns. */
  listen(bind: Bind, events: ListenEvents): DriverListener;
  /**
   * Goes on with a client that another driver of this process let go of (see `release`); undefined when it can't, and
   * then the descriptor is closed. Not every driver does so.
   */
  adopt?(fd: number, client: string): Channel | undefined;
}

export interface Bind {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /** SO_REUSEPORT: several workers accept on one port, and the kernel spreads connections over them (socket(7)). */
  readonly reusePort: boolean;
}

export interface DriverListener {
  /** Stops accepting; the port is free when this returns. Channels it has accepted go on. */
  close(): void;
}

export interface ListenEvents {
  onListening(host: string, port: number): void;
  /** `code` is Node's, e.g. `EADDRINUSE`. Never after `onListening`. */
  onFailed(code: string, message: string): void;
  /** A client was accepted. The receiver attaches its events before it returns, or aborts the channel. */
  onChannel(channel: Channel): void;
  /** Clients could not be accepted for want of a resource, e.g. `EMFILE`. */
  onResourceWarning(code: string, message: string): void;
}

/** One client connection and at most one upstream connection: the whole network side of a session. */
export interface Channel {
  /** `ip:port` of the client; `unix` for one that came over a unix socket. */
  readonly client: string;
  /** `ip:port` that the client came to. Asked of the system each time. */
  readonly local: string;
  /** Bytes from client to upstream so far. */
  readonly bytesUp: number;
  /** Bytes from upstream to client so far. */
  readonly bytesDown: number;
  /** Bytes were read from one side that the other has not accepted yet. Undefined: the driver can't tell. */
  readonly hasUnsent?: boolean;
  /** Within `onChannel`; and once more, before anything is dialed, by the next owner of the channel. That ends peeking. */
  attach(events: ChannelEvents): void;
  /**
   * Tells with `onClientBytes` what the client has sent so far, up to `limit` bytes of it (64 KiB at most), and again
   * when there is more. Nothing is consumed: the upstream gets all of it.
   */
  peek(limit: number): void;
  /** Drops the first of the bytes that were peeked at; the upstream does not get them. */
  consume(count: number): void;
  /** Sends the client a few bytes ahead of what the upstream will send. */
  write(bytes: Uint8Array): void;
  /**
   * Sends the client a few last bytes and ends in order. What it still sends is thrown away for a moment: a reset would
   * take the answer back. Before `dial`, or after it failed. No event follows.
   */
  reject(bytes: Uint8Array): void;
  /**
   * Ends the client's TLS, beginning with the bytes that were peeked at: from then on only what is inside it counts as
   * sent by the client. `onSecured` or `onSecureFailed` follows, unless `abort` comes first. A driver that can't has
   * `release` instead.
   */
  secure?(offer: TlsOffer): void;
  /** Lets go of the client, with all that it has sent and was not consumed; its descriptor is the caller's. No event follows. */
  release?(): number;
  /**
   * Starts to connect; `onDialed` or `onDialFailed` follows unless `abortDial` or `abort` comes first. One at a time.
   * `tls`: to be spoken with the upstream, and then it is dialed once that is through; only by drivers that can `secure`.
   */
  dial(endpoint: Endpoint, tls?: UpstreamTlsOffer): void;
  /** Forgets the dial under way: its connection never carries a byte, not even when the answer is already on its way. */
  abortDial(): void;
  /**
   * Moves bytes both ways, those that the client has already sent first; ends with `onRelayEnded` or `abort`.
   * `preface`: goes ahead of the client's bytes, and is not counted among them.
   */
  relay(idleTimeoutMs: number | undefined, preface?: Preface): void;
  /**
   * Closes everything now. The client gets a reset, not an end that looks like an empty answer; unless the upstream has
   * ended its direction before, so that the answer is whole. No event follows.
   */
  abort(): void;
  /** Ends both connections in order (FIN, not RST), what is buffered first. For sessions at rest. No event follows. */
  finish(): void;
}

/** How TLS is ended for one client. */
export interface TlsOffer {
  /** With the certificate. */
  readonly context: SecureContext;
  /** Application protocols to agree on (RFC 7301), best first, one of which the client has offered; none: not a word. */
  readonly alpn: readonly string[];
}

/** How TLS is spoken with an upstream. */
export interface UpstreamTlsOffer {
  /** With the authorities that are trusted, and what is shown if the upstream asks who comes. */
  readonly context: SecureContext;
  /** What is asked for, and what the upstream's certificate must be for. */
  readonly serverName: string;
  /** False: whatever certificate it shows will do. */
  readonly verify: boolean;
  /** Goes ahead of TLS, as PROXY headers do. */
  readonly preface?: Uint8Array;
}

/** What an upstream gets ahead of its client's bytes. */
export interface Preface {
  readonly bytes: Uint8Array;
  /** The one byte that the upstream must answer before it gets what the client says; it is kept from the client. */
  readonly expect?: number;
}

/** None of these is called from within a call of the channel's methods. */
export interface ChannelEvents {
  /**
   * Only while the client is peeked at. `bytes` are the driver's, and good until this returns or another method of a channel is
   * called. `ended`: they are all there will be; not told while they fill the limit. A client
   * that ended is not told of as one that left.
   */
  onClientBytes?(bytes: Uint8Array, ended: boolean): void;
  /**
   * Only before `relay`. `reset`: the client is gone. `ended`: it ended its direction without having sent a byte. A
   * client that ended after sending bytes is not reported: it may be waiting for the answer (`printf … | nc -N`), and
   * TCP has no way to tell it from one that closed.
   */
  onClientLeft(how: 'reset' | 'ended'): void;
  onSecured?(): void;
  /** Why, in a few words. The client is gone. */
  onSecureFailed?(reason: string): void;
  onDialed(): void;
  /** `code` is Node's, e.g. `ECONNREFUSED`. */
  onDialFailed(code: string): void;
  /**
   * The upstream reset the connection before a byte had passed either way, as one does that dies with connections it has
   * not accepted yet. The client has noticed nothing, and may be dialed for again. Not for a connection with a preface
   * that was answered. `code` is Node's.
   */
  onUpstreamLost(code: string): void;
  /** Both connections are closed. */
  onRelayEnded(reason: RelayEnd): void;
}

export type RelayEnd =
  | 'finished'
  | 'client-reset'
  | 'upstream-reset'
  | 'idle-timeout'
  /** The upstream answered the preface with another byte than the expected. */
  | 'upstream-refused-tls';
