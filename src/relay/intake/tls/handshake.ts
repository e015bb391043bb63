import type { SecureContext } from 'node:tls';
import type { Clock, Timer } from '../../../time/clock.ts';
import type { Channel, ChannelEvents } from '../../driver/driver.ts';
import { ListNode } from '../../driver/linked-list.ts';
import { maxHelloBytes, readClientHello } from '../../wire/tls-client-hello.ts';

/**
 * The TLS handshake of one client: reads the hello, has the driver secure the channel, and fails at a deadline. It is
 * attached to the channel until it succeeds or fails.
 */
export interface HandshakeEvents {
  /** The handshake has succeeded; the session may attach to the channel. */
  onSecured(): void;
  /**
   * The handshake has failed; the channel is closed or closes by itself. `serverName`: the name that the client asked
   * for. `detail`: more about the failure in a few words, safe to print.
   */
  onOver(reason: 'tls-failed' | 'shutdown', serverName: string | undefined, detail?: string): void;
}

interface HandshakeOptions {
  /** The context for a client that asks for this name, or for none; undefined when no certificate is usable. */
  readonly contextFor: (serverName: string | undefined) => SecureContext | undefined;
  /** The application protocols to offer (ALPN, RFC 7301), best first. */
  readonly alpn: readonly string[];
  readonly timeoutMs: number;
}

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

  constructor(channel: Channel, clock: Clock, options: HandshakeOptions, events: HandshakeEvents) {
    const { timeoutMs } = options;
    this.#channel = channel;
    this.#options = options;
    this.#events = events;
    this.#deadline = clock.after(timeoutMs, () => this.#fail(`the handshake was not finished within ${timeoutMs} ms`));
    channel.attach(this);
    channel.peek(maxHelloBytes);
  }

  onClientBytes(bytes: Uint8Array, ended: boolean): void {
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

  onSecured(): void {
    this.#deadline.cancel();
    this.#events.onSecured();
  }

  onSecureFailed(reason: string): void {
    this.#fail(reason);
  }

  onClientLeft(): void {
    this.#fail('the client left');
  }

  /** Ends the handshake because Sealane stops. */
  close(): void {
    this.#abort();
    this.#events.onOver('shutdown', this.#serverName);
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
    const alpn = this.#options.alpn.filter((protocol) => offered.includes(protocol));
    this.#channel.secure?.({ context, alpn });
  }

  #fail(detail: string): void {
    this.#abort();
    this.#events.onOver('tls-failed', this.#serverName, detail);
  }

  #abort(): void {
    this.#deadline.cancel();
    this.#channel.abort();
  }
}
