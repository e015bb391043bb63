import { closeSync } from 'node:fs';
import type { MessagePort } from 'node:worker_threads';
import type { Way } from '../boundary/descriptor-channel.ts';
import type { ClientInfo } from './client-info.ts';
import type { TlsMode } from '../boundary/table.ts';

/**
 * Clients on their way to another thread, which moves their bytes by other means: where the kernel moves bytes, TLS
 * is for a thread of the portable driver. Descriptors are the whole process's, so only a number goes over; what the
 * client has sent so far waits in its socket.
 *
 *   accept ──▶ splice thread: who, where to ──fd──▶ TLS thread: handshake ──▶ hold, dial, relay
 *
 * The receiver counts whom it takes, in memory that both see, before it does anything with the descriptor: whom it had
 * not taken when it died is the sender's still, and nobody else's descriptor is ever closed.
 */
export interface HandedOver {
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

/** The receiving end. `onEnd`: the sender has no more, or died; whatever it sent has been taken before. */
export function receiveClients({ port, taken }: Way, onClient: (client: HandedOver) => void, onEnd: () => void): void {
  const count = new Int32Array(taken);
  port.on('message', (client: HandedOver) => {
    Atomics.add(count, 0, 1);
    onClient(client);
  });
  port.on('close', onEnd);
  port.unref();
}

export interface HandoverEvents {
  /** It is on its way, and no longer counted here. */
  onSent(): void;
  /** The other thread died before it had taken this one: it waits here again. */
  onReturned(): void;
  /** It was closed. */
  onClosed(client: HandedOver, reason: 'hold-full' | 'shutdown'): void;
}

interface OpenWay {
  readonly port: MessagePort;
  readonly taken: Int32Array;
}

/** The sending end. Clients wait in it until the other thread is there. */
export class Handover {
  readonly #events: HandoverEvents;
  #way: OpenWay | undefined;
  /** Sent along this way; the first `#forgotten` of them were taken and are known no more. */
  #underWay: HandedOver[] = [];
  #forgotten = 0;
  #waiting: HandedOver[] = [];
  #isOver = false;

  constructor(events: HandoverEvents) {
    this.#events = events;
  }

  /** Clients that wait for the other thread. */
  get size(): number {
    return this.#waiting.length;
  }

  connect({ port, taken }: Way): void {
    if (this.#isOver) return port.close();
    this.#returnToWaiting();
    const way = { port, taken: new Int32Array(taken) };
    this.#way = way;
    port.on('close', () => {
      if (this.#way === way) this.#returnToWaiting();
    });
    // It is for sending only, and must not keep the thread from ending.
    port.unref();
    for (const one of this.#waiting.splice(0)) this.#post(way, one);
  }

  send(one: HandedOver): void {
    if (this.#isOver) this.#close(one, 'shutdown');
    else if (this.#way) this.#post(this.#way, one);
    else this.#wait(one);
  }

  /** For good: whoever is under way arrives, and nobody follows. */
  end(): void {
    this.#isOver = true;
    const port = this.#way?.port;
    this.#way = undefined;
    port?.close();
    for (const one of this.#waiting.splice(0)) this.#close(one, 'shutdown');
  }

  #wait(one: HandedOver): void {
    if (this.#waiting.length < mostWaiting) this.#waiting.push(one);
    else this.#close(one, 'hold-full');
  }

  #post(way: OpenWay, one: HandedOver): void {
    this.#forget(way.taken);
    this.#underWay.push(one);
    way.port.postMessage(one);
    this.#events.onSent();
  }

  #forget(taken: Int32Array): void {
    // The difference is right also when the count has run over.
    const count = (Atomics.load(taken, 0) - this.#forgotten) | 0;
    this.#underWay.splice(0, count);
    this.#forgotten = (this.#forgotten + count) | 0;
  }

  /** The thread at the other end is gone, if there was one. */
  #returnToWaiting(): void {
    const way = this.#way;
    if (!way) return;
    this.#forget(way.taken);
    this.#way = undefined;
    this.#forgotten = 0;
    way.port.close();
    for (const one of this.#underWay.splice(0)) {
      this.#events.onReturned();
      this.#wait(one);
    }
  }

  #close(one: HandedOver, reason: 'hold-full' | 'shutdown'): void {
    closeSync(one.fd);
    this.#events.onClosed(one, reason);
  }
}
