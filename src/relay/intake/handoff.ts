import { closeSync } from 'node:fs';
import type { MessagePort } from 'node:worker_threads';
import type { DescriptorChannel } from '../boundary/descriptor-channel.ts';
import type { ClientInfo } from './client-info.ts';
import type { TlsMode } from '../boundary/table.ts';

/**
 * Clients on their way to another thread, which moves their bytes by other means: where the kernel moves bytes, TLS
 * is for a thread of the portable driver. Descriptors are the whole process's, so only a number goes over; what the
 * client has sent so far waits in its socket.
 *
 *   accept ──▶ splice thread: detection ──fd──▶ TLS thread: handshake ──▶ hold, dial, relay
 *
 * The receiver counts each client that it receives, in memory that both see, before it does anything with the descriptor: a
 * client that it had not received when it died is the sender's still, and no other's descriptor is ever closed.
 */
export interface HandoffClient {
  readonly fd: number;
  readonly client: string;
  /** The listener's key. */
  readonly listener: string;
  readonly service: string;
  readonly clientInfo: ClientInfo;
  /** Whether its TLS is to be ended; else it is its upstream that TLS is to be spoken with. */
  readonly tls: TlsMode;
}

/** For as long as the other thread takes to start. */
const mostWaiting = 1_024;

/** The receiving end. `onEnd`: the sender has no more, or died; all that it sent was received before. */
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
  /** The client is in flight, and no longer counted here. */
  onSent(): void;
  /** The other thread died before it had received this client: it waits here again. */
  onReturned(): void;
  /** It was closed. */
  onClosed(client: HandoffClient, reason: 'hold-full' | 'shutdown'): void;
}

interface OpenChannel {
  readonly port: MessagePort;
  readonly receivedCount: Int32Array;
}

/** The sending end. Clients wait in it until the other thread is there. */
export class Handoff {
  readonly #events: HandoffEvents;
  #channel: OpenChannel | undefined;
  /** Sent through this channel; the first `#forgotten` of them were received and are known no more. */
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
    // It is for sending only, and must not keep the thread from ending.
    port.unref();
    for (const client of this.#waiting.splice(0)) this.#post(channel, client);
  }

  send(client: HandoffClient): void {
    if (this.#isOver) this.#close(client, 'shutdown');
    else if (this.#channel) this.#post(this.#channel, client);
    else this.#wait(client);
  }

  /** For good: clients in flight arrive, and no other follows. */
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
    // The difference is right also when the count has run over.
    const count = (Atomics.load(receivedCount, 0) - this.#forgotten) | 0;
    this.#inFlight.splice(0, count);
    this.#forgotten = (this.#forgotten + count) | 0;
  }

  /** The thread at the other end is gone, if there was one. */
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
