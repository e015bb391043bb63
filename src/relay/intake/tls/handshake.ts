import type { SecureContext } from 'node:tls';
import type { Clock, Timer } from '../../../time/clock.ts';
import type { Channel, ChannelEvents } from '../../driver/driver.ts';
import { ListNode } from '../../driver/linked-list.ts';
import { maxHelloBytes, readClientHello } from '../../wire/tls-client-hello.ts';

/**
 * The time in which a client's TLS is begun: from its hello to one end or the other, within a deadline. It is attached
 * to the channel meanwhile.
 */
export interface HandshakeEvents {
  /** The next one may attach. */
  onSecured(): void;
  /**
   * The channel is closed, or closes by itself. `serverName`: what the client asked for. `detail`: more about the
   * failure, in a few words; safe to print.
   */
  onOver(reason: 'tls-failed' | 'shutdown', serverName: string | undefined, detail?: string): void;
}

interface HandshakeOptions {
  /** What to show a client that asks for this name, or for none; undefined: there is nothing to show. */
  readonly contextFor: (serverName: string | undefined) => SecureContext | undefined;
  /** Application protocols to agree on (RFC 7301), best first. */
  readonly alpn: readonly string[];
  readonly timeoutMs: number;
}

/** A fatal alert, handshake_failure, in a record of its own (RFC 8446, 5.1 and 6). */
const handshakeFailure = Uint8Array.of(21, 3, 3, 0, 2, 2, 40);

export class Handshake implements ChannelEvents {
  /** In the list of its thread's handshakes. */
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
    this.#deadline = clock.after(timeoutMs, () => this.#fail(`it was not done within ${timeoutMs} ms`));
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

  /** Sealane itself stops. */
  close(): void {
    this.#abort();
    this.#events.onOver('shutdown', this.#serverName);
  }

  // Nobody has been dialed yet.
  onDialed(): void {}
  onDialFailed(): void {}
  onUpstreamLost(): void {}
  onRelayEnded(): void {}

  #secure(serverName: string | undefined, offered: readonly string[]): void {
    const context = this.#options.contextFor(serverName);
    if (!context) {
      this.#deadline.cancel();
      this.#channel.reject(handshakeFailure);
      return this.#events.onOver('tls-failed', serverName, 'there is no certificate to show');
    }
    // One that offers others only, as Postgres' does, is told of none and goes on; OpenSSL would break it off.
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
