import type { Clock, Timer } from '../../../time/clock.ts';
import type { Channel, ChannelEvents, TlsContext } from '../../driver/driver.ts';
import { ListNode } from '../../driver/linked-list.ts';
import { cancelRequestIn, mostCancelBytes, readPostgresRequest } from '../../wire/postgres.ts';
import { maxHelloBytes, readClientHello } from '../../wire/tls-client-hello.ts';

/**
 * The TLS handshake of one client: reads the hello, has the driver secure the channel, and fails at a deadline. It is
 * attached to the channel until it succeeds or fails.
 */
export interface HandshakeEvents {
  /**
   * The handshake has succeeded; the session may attach to the channel. `request`: the client speaks Postgres, and has
   * sent a CancelRequest inside TLS.
   */
  onSecured(request: Uint8Array | undefined): void;
  /**
   * The handshake has failed, or the client has left before its first message; the channel is closed or closes by
   * itself. `serverName`: the name that the client asked for. `detail`: more about a failure in a few words, safe to
   * print.
   */
  onOver(reason: 'tls-failed' | 'client-gave-up' | 'shutdown', serverName: string | undefined, detail?: string): void;
}

export interface HandshakeOptions {
  /** The context for a client that asks for this name, or for none; undefined when no certificate is usable. */
  readonly contextFor: (serverName: string | undefined) => TlsContext | undefined;
  /** The application protocols to offer (ALPN, RFC 7301), best first. */
  readonly alpn: readonly string[];
  /** The client speaks Postgres: it has asked for TLS by SSLRequest. */
  readonly isPostgres: boolean;
  readonly timeoutMs: number;
}

/** The application protocol of Postgres' clients (ALPN). */
const postgresProtocol = 'postgresql';
/** A fatal alert, handshake_failure, in a record of its own (RFC 8446, 5.1 and 6). */
const handshakeFailure = Uint8Array.of(21, 3, 3, 0, 2, 2, 40);

export class Handshake implements ChannelEvents {
  /** The node in the list of the thread's handshakes. */
  readonly node = new ListNode<Handshake>(this);
  readonly #channel: Channel;
  readonly #options: HandshakeOptions;
  readonly #events: HandshakeEvents;
  readonly #deadline: Timer;
  #serverName: string | undefined;
  #isPostgres: boolean;
  #isSecured = false;

  constructor(channel: Channel, clock: Clock, options: HandshakeOptions, events: HandshakeEvents) {
    const { timeoutMs } = options;
    this.#channel = channel;
    this.#options = options;
    this.#events = events;
    this.#isPostgres = options.isPostgres;
    this.#deadline = clock.after(timeoutMs, () => this.#onDeadline());
    channel.attach(this);
    channel.peek(maxHelloBytes);
  }

  onClientBytes(bytes: Uint8Array, ended: boolean): void {
    if (this.#isSecured) return this.#readFirstMessage(bytes, ended);
    const hello = readClientHello(bytes);
    switch (hello.kind) {
      case 'incomplete':
        return ended ? this.#fail('the client left') : undefined;
      case 'not-tls':
        return this.#fail('the client does not speak TLS');
      case 'malformed':
        return this.#fail(hello.why);
      case 'hello':
        this.#serverName = hello.serverName;
        return this.#secure(hello.serverName, hello.alpn);
    }
  }

  /** A client of Postgres speaks first: its first message is awaited, since it may be a CancelRequest. */
  onSecured(): void {
    this.#isSecured = true;
    if (this.#isPostgres) this.#channel.peek(mostCancelBytes);
    else this.#finish(undefined);
  }

  onSecureFailed(reason: string): void {
    this.#fail(reason);
  }

  onClientLeft(): void {
    if (this.#isSecured) this.#end('client-gave-up');
    else this.#fail('the client left');
  }

  /** Ends the handshake because Sealane stops. */
  close(): void {
    this.#end('shutdown');
  }

  // No upstream is dialed during the handshake.
  onDialed(): void {}
  onDialFailed(): void {}
  onUpstreamLost(): void {}
  onRelayEnded(): void {}

  #secure(serverName: string | undefined, offered: readonly string[]): void {
    const context = this.#options.contextFor(serverName);
    if (!context) {
      this.#deadline.cancel();
      this.#channel.reject(handshakeFailure);
      return this.#events.onOver('tls-failed', serverName, 'no certificate is usable');
    }
    // A client that offers only other protocols, as Postgres' does, gets none and goes on; OpenSSL would end it.
    // With sslnegotiation=direct it must get its own, or it ends the connection.
    const isDirect = offered.length > 0 && offered.every((protocol) => protocol === postgresProtocol);
    this.#isPostgres ||= isDirect;
    const alpn = isDirect ? [postgresProtocol] : this.#options.alpn.filter((protocol) => offered.includes(protocol));
    this.#channel.secure?.({ context, alpn });
  }

  #readFirstMessage(bytes: Uint8Array, ended: boolean): void {
    if (readPostgresRequest(bytes) === 'undecided' && !ended) return;
    this.#finish(cancelRequestIn(bytes));
  }

  #finish(request: Uint8Array | undefined): void {
    this.#deadline.cancel();
    this.#events.onSecured(request);
  }

  #onDeadline(): void {
    if (this.#isSecured) return this.#finish(undefined);
    this.#fail(`the handshake was not finished within ${this.#options.timeoutMs} ms`);
  }

  #fail(detail: string): void {
    this.#end('tls-failed', detail);
  }

  #end(reason: 'tls-failed' | 'client-gave-up' | 'shutdown', ...detail: readonly [string?]): void {
    this.#deadline.cancel();
    this.#channel.abort();
    this.#events.onOver(reason, this.#serverName, ...detail);
  }
}
