import { closeSync } from 'node:fs';
import type { MessagePort } from 'node:worker_threads';
import type { Origin } from './origin.ts';
import type { TlsMode } from './table.ts';

/**
 * Clients on their way to another thread, which moves their bytes by other means: where the kernel moves bytes, TLS
 * is for a thread of the portable driver. Descriptors are the whole process's, so only a number goes over; what the
 * client has sent so far waits in its socket.
 *
 *   accept ──▶ splice thread: who, where to ──fd──▶ TLS thread: handshake ──▶ hold, dial, relay
 *
 * A message that is under way when the receiver dies of a flaw is lost, and its client hangs until it gives up.
 */
export interface HandedOver {
  readonly fd: number;
  readonly client: string;
  /** The listener's key. */
  readonly listener: string;
  readonly service: string;
  /** Undefined: its listener wanted to know nothing of it, and it was not counted yet. */
  readonly origin: Origin | undefined;
  /** Whether its TLS is to be ended; else it is its upstream that TLS is to be spoken with. */
  readonly tls: TlsMode;
}

/** For as long as the other thread takes to start. */
const mostWaiting = 1_024;

/** The receiving end. */
export function receiveClients(port: MessagePort, onClient: (client: HandedOver) => void): void {
  port.on('message', onClient);
  port.unref();
}

/** The sending end. Clients wait in it until the other thread is there. */
export class Handover {
  #port: MessagePort | undefined;
  #waiting: HandedOver[] = [];

  connect(port: MessagePort): void {
    this.#port?.close();
    this.#port = port;
    port.on('close', () => {
      if (this.#port === port) this.#port = undefined;
    });
    // It is for sending only, and must not keep the thread from ending.
    port.unref();
    for (const one of this.#waiting) port.postMessage(one);
    this.#waiting = [];
  }

  send(one: HandedOver): void {
    if (this.#port) this.#port.postMessage(one);
    else if (this.#waiting.length < mostWaiting) this.#waiting.push(one);
    else closeSync(one.fd);
  }

  close(): void {
    for (const { fd } of this.#waiting) closeSync(fd);
    this.#waiting = [];
    this.#port?.close();
  }
}
