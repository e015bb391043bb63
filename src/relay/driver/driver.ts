import type { SecureContext } from 'node:tls';
import type { Clock } from '../../time/clock.ts';
import type { CertificateSpec, Endpoint, TlsVersion } from '../boundary/table.ts';

/**
 * The interface of a driver: sockets, dials, relaying and time. A driver moves bytes and decides nothing; sessions,
 * pools and the dispatcher are written against these interfaces only. A driver may keep a channel's state in any form
 * (objects, or typed arrays indexed by file descriptor) and may have its own clock (a timer wheel turned by its event
 * loop).
 */
export interface Driver {
  /** The clock of all timers in the relay, so that a driver whose thread sleeps in the kernel can keep time itself. */
  readonly clock: Clock;
  /** Makes one attempt to bind. Exactly one of `onListening` and `onFailed` follows, never before this returns. */
  listen(bind: Bind, events: ListenEvents): DriverListener;
  /** True while most of the sockets that clients compete for are free. */
  readonly hasRoomToSpare: boolean;
  /**
   * Connects to an upstream, sends it a few bytes, and waits until it ends the connection. `onOver` says whether they
   * were sent; it is not called within this call, nor once the returned function has stopped the delivery. Undefined
   * where there is no room to spare, and then nothing was begun; never for a delivery that `hasRoom`.
   */
  deliver(delivery: Delivery, onOver: (isDelivered: boolean) => void): (() => void) | undefined;
  /**
   * Takes over a client that another driver of this process released (see `release`). Undefined where that fails, and
   * then the descriptor is closed. Not every driver can do so.
   */
  adopt?(fd: number, client: string): Channel | undefined;
  /** Called for a client that this driver released and that was closed on its way to another one. */
  disown?(): void;
  /**
   * Makes this driver's form of a certificate. Not every driver can end TLS.
   * @throws Error where the certificate or its key is not usable
   */
  readonly createTlsContext?: (terms: TlsTerms) => TlsContext;
  /** True if the driver can speak TLS with upstreams. */
  readonly dialsTls: boolean;
}

/** Asks the engine whose the address is (see AddressProof). It is answered once, and never within the call. */
export type Confirm = (endpoint: Endpoint, onAnswer: (isConfirmed: boolean) => void) => void;

export const confirmNone: Confirm = (_, onAnswer) => setImmediate(onAnswer, false);

/** A few bytes for an upstream that belong to no client's connection. */
export interface Delivery {
  readonly endpoint: Endpoint;
  readonly bytes: Uint8Array;
  /** The time from the dial to the end of the connection, in milliseconds. */
  readonly patienceMs: number;
  /** True if the delivery may have the socket that is kept for the upstream of a client. */
  readonly hasRoom: boolean;
}

export interface Bind {
  readonly host: string;
  /** The port; 0 stands for any free port. */
  readonly port: number;
  /**
   * SO_REUSEPORT: several relay threads accept on one port, and the kernel spreads connections over them (socket(7)).
   */
  readonly reusePort: boolean;
}

export interface DriverListener {
  /** Stops accepting; the port is free when this returns. Accepted channels continue. */
  close(): void;
}

export interface ListenEvents {
  onListening(host: string, port: number): void;
  /** The bind failed; never called after `onListening`. `code` is Node's, e.g. `EADDRINUSE`. */
  onFailed(code: string, message: string): void;
  /** A client was accepted. The receiver attaches its events before it returns, or aborts the channel. */
  onChannel(channel: Channel): void;
  /** Clients could not be accepted for lack of a resource. `code` is Node's, e.g. `EMFILE`. */
  onResourceWarning(code: string, message: string): void;
}

/** One of the two dials that a channel may have under way. */
export type DialLane = 0 | 1;

/**
 * One client connection and at most one upstream connection: the whole network side of a session. While it is dialed
 * for, two connections may be under way; the first that is answered stays.
 */
export interface Channel {
  /** The client's address as `ip:port`; `unix` for a client of a Unix socket. */
  readonly client: string;
  /** The address that the client connected to, as `ip:port`. Each read asks the kernel. */
  readonly local: string;
  /** Bytes from client to upstream so far. */
  readonly bytesUp: number;
  /** Bytes from upstream to client so far. */
  readonly bytesDown: number;
  /** True if bytes were read from one side that the other has not taken yet. Undefined where the driver can't tell. */
  readonly hasUnsent?: boolean;
  /**
   * Sets the receiver of the channel's events: within `onChannel`, and once more when another owner takes over the
   * channel before a dial. This ends peeking.
   */
  attach(events: ChannelEvents): void;
  /**
   * Reports through `onClientBytes` what the client has sent so far, at most `limit` bytes of it (64 KiB at most), and
   * again when more has arrived. Nothing is consumed: the upstream gets all of it.
   */
  peek(limit: number): void;
  /** Drops the first `count` of the peeked bytes; the upstream does not get them. */
  consume(count: number): void;
  /** Sends the client a few bytes ahead of the upstream's. */
  write(bytes: Uint8Array): void;
  /**
   * Sends the client a few last bytes and ends the connection in order. What the client still sends is discarded for a
   * moment, since a reset would take the answer back. Called before `dial`, or after it failed. No event follows.
   */
  reject(bytes: Uint8Array): void;
  /**
   * Ends the client's TLS, beginning with the peeked bytes: from then on only the bytes inside TLS count as sent by the
   * client. `onSecured` or `onSecureFailed` follows, unless `abort` comes first. Only for drivers that have
   * `createTlsContext`.
   */
  secure?(offer: TlsOffer): void;
  /**
   * Releases the client, with all bytes that were not consumed, and returns its descriptor, which the caller then owns.
   * No event follows. Not possible once `secure` was called, and not with every driver.
   */
  release?(): number;
  /**
   * Starts to connect to an upstream, in one of two lanes, each of which has one dial at a time. `onDialed` or
   * `onDialFailed` follows, unless `abortDial` or `abort` comes first, or the dial in the other lane is answered.
   * `tls`: speaks TLS with the upstream, and `onDialed` then follows the handshake; only for drivers with `dialsTls`.
   */
  dial(endpoint: Endpoint, tls?: UpstreamTlsOffer, lane?: DialLane): void;
  /**
   * Aborts the dial in the lane, or in both where none is named: its connection never carries a byte, not even where
   * the upstream's answer is already on its way.
   */
  abortDial(lane?: DialLane): void;
  /**
   * Tries out the upstream that has answered, which is a port proxy: sends the preface and what the client sends, and
   * keeps what the client has sent, up to 64 KiB, until the upstream has sent a byte or `withinMs` are over. `onSettled`
   * follows, or `onUpstreamLost` where the upstream closes the connection before, unless `abortDial` or `abort` comes
   * first. After `onSettled` the session is relayed without a preface.
   */
  settle(withinMs: number, preface?: Preface): void;
  /**
   * Moves bytes both ways, beginning with those that the client has already sent; ends with `onRelayEnded` or `abort`.
   * `preface`: bytes that go ahead of the client's, and are not counted with them.
   */
  relay(idleTimeoutMs: number | undefined, preface?: Preface): void;
  /**
   * Closes everything now. The client gets a reset, not an end that looks like an empty answer, unless the upstream has
   * ended its direction before and the answer is whole. No event follows.
   */
  abort(): void;
  /**
   * Flushes what is buffered and ends both connections in order (FIN, not RST). For idle sessions. No event follows.
   */
  finish(): void;
}

/** What TLS is ended with: plain data, of which each driver makes its own form. */
export interface TlsTerms extends Pick<CertificateSpec, 'chain' | 'key'> {
  readonly minVersion: TlsVersion;
  /** The key of session tickets, `ticketKeyBytes` long. */
  readonly ticketKeys: Uint8Array;
}

/** A driver's form of TLS terms, for its own channels. */
export interface TlsContext {
  /** Frees the context, which begins no handshake any more. Clients that were secured with it go on. */
  free(): void;
}

/** How TLS is ended for one client. */
export interface TlsOffer {
  /** A context of the channel's driver. */
  readonly context: TlsContext;
  /**
   * The application protocols to agree on (RFC 7301), best first, one of which the client has offered; where it is
   * empty the handshake mentions none.
   */
  readonly alpn: readonly string[];
}

/** How TLS is spoken with an upstream. */
export interface UpstreamTlsOffer {
  /**
   * The context, which holds the trusted authorities, and the certificate that is shown if the upstream requests one.
   */
  readonly context: SecureContext;
  /** The server name that is requested, and that the upstream's certificate must be for. */
  readonly serverName: string;
  /** False where any certificate of the upstream is accepted. */
  readonly verify: boolean;
  /** Bytes that go ahead of TLS, as PROXY headers do. */
  readonly preface?: Uint8Array;
}

/** The bytes that an upstream gets ahead of its client's. */
export interface Preface {
  readonly bytes: Uint8Array;
  /**
   * The one byte that the upstream must answer before it gets the client's bytes; the client does not get this byte.
   */
  readonly expect?: number;
}

/** The events of a channel. None of them is called from within a call of the channel's methods. */
export interface ChannelEvents {
  /**
   * The client's bytes so far; only while it is peeked at. The driver owns `bytes`, which are valid until this returns
   * or another method of a channel is called. `ended`: the client has ended and these are all its bytes; not reported
   * while they fill the limit. The end of a peeked client is not reported through `onClientLeft`.
   */
  onClientBytes?(bytes: Uint8Array, ended: boolean): void;
  /**
   * The client left before `relay`. `reset`: the client is gone. `ended`: it ended its direction without having sent a
   * byte, or it sent bytes and has closed. A client that sent bytes and ended its direction only is not reported: it may
   * be waiting for the answer (`printf … | nc -N`). TCP has no way to tell the two apart, but the kernel has where the
   * client is in the same network namespace (see peer-lookup.ts).
   */
  onClientLeft(how: 'reset' | 'ended'): void;
  onSecured?(): void;
  /** The TLS handshake failed, and the client is gone. `reason` is a few words. */
  onSecureFailed?(reason: string): void;
  /** The dial in this lane was answered; one in the other lane is aborted, and its upstream gets no byte. */
  onDialed(lane: DialLane): void;
  /** The dial in this lane failed. `code` is Node's, e.g. `ECONNREFUSED`. */
  onDialFailed(code: string, lane: DialLane): void;
  /**
   * The upstream reset the connection before a byte had passed either way, as an upstream does that dies with
   * connections it has not accepted yet. The client has noticed nothing, and another upstream may be dialed for it. Not
   * reported for a connection whose preface was answered. `code` is Node's.
   *
   * Also reported for an upstream that is tried out (see `settle`) and closes the connection without a byte. `wasRead`: it
   * had read what it was sent, so that a process may have acted on it.
   */
  onUpstreamLost(code: string, wasRead?: boolean): void;
  /** The upstream has stood its trial: the session is to be relayed. */
  onSettled?(): void;
  /** The session is over, and both connections are closed. */
  onRelayEnded(reason: RelayEnd): void;
}

/** The code of an upstream that ended the connection in order without a byte, for which the kernel has no error. */
export const closedUnanswered = 'ECONNABORTED';

/**
 * How long an end without a byte may be followed by a reset, in milliseconds: a port proxy that closes while the client's
 * bytes are on their way sends an end, and then a reset for these bytes. On one machine that takes microseconds.
 */
export const endIsSureAfterMs = 5;

export type RelayEnd =
  | 'finished'
  | 'client-reset'
  | 'client-timeout'
  | 'upstream-reset'
  | 'upstream-timeout'
  | 'idle-timeout'
  /** The upstream answered the preface with a byte other than the expected one. */
  | 'upstream-refused-tls';
