import { closeSync } from 'node:fs';
import type { MessagePort } from 'node:worker_threads';
import type { DescriptorChannel } from '../boundary/descriptor-channel.ts';
import type { ClientInfo } from './client-info.ts';
import type { TlsMode } from '../boundary/table.ts';

/**
 * The handoff of clients to another thread: the splice driver speaks no TLS with upstreams, so a thread with the stream
 * driver does. It also ends the TLS of clients where the splice driver finds no OpenSSL. Descriptors belong to the whole
 * process, so only their numbers are sent; what a client has sent so far stays in its socket.
 *
 *   accept ──▶ splice thread: detection ──fd──▶ TLS thread: handshake, if any ──▶ hold, dial, relay
 *
 * The receiver counts each client in memory that both threads share before it uses the descriptor. A client that was
 * not counted when the receiver died still belongs to the sender, so each descriptor is closed once and by its owner.
 */
export interface HandoffClient {
  readonly fd: number;
  readonly client: string;
  /** The listener's key. */
  readonly listener: string;
  readonly service: string;
  readonly clientInfo: ClientInfo;
  /** `terminate`: the client's TLS is to be ended. `passthrough`: TLS is to be spoken with the upstream. */
  readonly tls: TlsMode;
}

/** The most clients that wait while the other thread starts. */
const mostWaiting = 1_024;

/** The receiving end. `onEnd`: the sender has ended or died; every client that it sent was received before. */
export function receiveClients(
  { port, receivedCount }: DescriptorChannel,
  onClient: (client: HandoffClient) => void,
  onEnd: () => void,
): void {
  const count = new Int32Array(receivedCount);
  port.on('message', (client: HandoffClient) => {
    Atomics.add(count, 0, 1);
    onClient(client);
  });
  port.on('close', onEnd);
  port.unref();
}

interface HandoffEvents {
  /** The client was sent and is no longer counted here. */
  onSent(): void;
  /** The other thread died before it received the client, which waits here again. */
  onReturned(): void;
  /** The client was closed. */
  onClosed(client: HandoffClient, reason: 'hold-full' | 'shutdown'): void;
}

interface OpenChannel {
  readonly port: MessagePort;
  readonly receivedCount: Int32Array;
}

/** The sending end. Clients wait in it until the other thread is connected. */
export class Handoff {
  readonly #events: HandoffEvents;
  #channel: OpenChannel | undefined;
  /** The clients sent through this channel, without the first `#forgotten`, which were received. */
  #inFlight: HandoffClient[] = [];
  #forgotten = 0;
  #waiting: HandoffClient[] = [];
  #isOver = false;

  constructor(events: HandoffEvents) {
    this.#events = events;
  }

  /** Clients that wait for the other thread. */
  get size(): number {
    return this.#waiting.length;
  }

  connect({ port, receivedCount }: DescriptorChannel): void {
    if (this.#isOver) return port.close();
    this.#returnToWaiting();
    const channel = { port, receivedCount: new Int32Array(receivedCount) };
    this.#channel = channel;
    port.on('close', () => {
      if (this.#channel === channel) this.#returnToWaiting();
    });
    // The port only sends, and must not keep this thread from ending.
    port.unref();
    for (const client of this.#waiting.splice(0)) this.#post(channel, client);
  }

  send(client: HandoffClient): void {
    if (this.#isOver) this.#close(client, 'shutdown');
    else if (this.#channel) this.#post(this.#channel, client);
    else this.#wait(client);
  }

  /** Ends the handoff for good: clients in flight still arrive; waiting and later ones are closed. */
  end(): void {
    this.#isOver = true;
    const port = this.#channel?.port;
    this.#channel = undefined;
    port?.close();
    for (const client of this.#waiting.splice(0)) this.#close(client, 'shutdown');
  }

  #wait(client: HandoffClient): void {
    if (this.#waiting.length < mostWaiting) this.#waiting.push(client);
    else this.#close(client, 'hold-full');
  }

  #post(channel: OpenChannel, client: HandoffClient): void {
    this.#forget(channel.receivedCount);
    this.#inFlight.push(client);
    channel.port.postMessage(client);
    this.#events.onSent();
  }

  #forget(receivedCount: Int32Array): void {
    // The difference is correct even when the count has overflowed.
    const count = (Atomics.load(receivedCount, 0) - this.#forgotten) | 0;
    this.#inFlight.splice(0, count);
    this.#forgotten = (this.#forgotten + count) | 0;
  }

  /** Takes back the clients that the other thread, if there was one, did not receive before it ended. */
  #returnToWaiting(): void {
    const channel = this.#channel;
    if (!channel) return;
    this.#forget(channel.receivedCount);
    this.#channel = undefined;
    this.#forgotten = 0;
    channel.port.close();
    for (const client of this.#inFlight.splice(0)) {
      this.#events.onReturned();
      this.#wait(client);
    }
  }

  #close(client: HandoffClient, reason: 'hold-full' | 'shutdown'): void {
    closeSync(client.fd);
    this.#events.onClosed(client, reason);
  }
}
