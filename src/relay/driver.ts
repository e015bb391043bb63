import type { Clock } from '../time/clock.ts';
import type { Endpoint } from './table.ts';

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
  onTrouble(code: string, message: string): void;
}

/** One client connection and at most one upstream connection: the whole network side of a session. */
export interface Channel {
  /** `ip:port` of the client. */
  readonly client: string;
  /** Bytes from client to upstream so far. */
  readonly bytesUp: number;
  /** Bytes from upstream to client so far. */
  readonly bytesDown: number;
  /** Bytes were read from one side that the other has not taken yet. Undefined: the driver can't tell. */
  readonly hasUnsent?: boolean;
  /** To be called once, within `onChannel`. */
  attach(events: ChannelEvents): void;
  /** Starts to connect; `onDialed` or `onDialFailed` follows unless `abortDial` or `abort` comes first. One at a time. */
  dial(endpoint: Endpoint): void;
  /** Forgets the dial under way: its connection never carries a byte, not even when the answer is already on its way. */
  abortDial(): void;
  /** Moves bytes both ways, those that the client has already sent first; ends with `onRelayEnded` or `abort`. */
  relay(idleTimeoutMs: number | undefined): void;
  /**
   * Closes everything now. The client gets a reset, not an end that looks like an empty answer; unless the upstream has
   * ended its direction before, so that the answer is whole. No event follows.
   */
  abort(): void;
  /** Ends both connections in order (FIN, not RST), what is buffered first. For sessions at rest. No event follows. */
  finish(): void;
}

/** None of these is called from within a call of the channel's methods. */
export interface ChannelEvents {
  /**
   * Only before `relay`. `reset`: the client is gone. `ended`: it ended its direction without having sent a byte. A
   * client that ended after sending bytes is not reported: it may be waiting for the answer (`printf … | nc -N`), and
   * TCP has no way to tell it from one that closed.
   */
  onClientLeft(how: 'reset' | 'ended'): void;
  onDialed(): void;
  /** `code` is Node's, e.g. `ECONNREFUSED`. */
  onDialFailed(code: string): void;
  /** Both connections are closed. */
  onRelayEnded(reason: RelayEnd): void;
}

export type RelayEnd = 'finished' | 'client-reset' | 'upstream-reset' | 'idle-timeout';
