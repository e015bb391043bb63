import { LinkedList, ListNode } from '../../linked-list.ts';
import type { Deferred, EpollLoop } from '../epoll-loop.ts';
import type { TlsClient } from './tls-client.ts';

/**
 * The TLS handshakes under way in one thread. A step of one takes up to 0.3 ms of the processor, so one step is taken in
 * each turn of the loop: the sessions of the same thread need not wait for a burst of new clients.
 */
export interface TlsHandshakeEvents {
  onSecured(): void;
  onSecureFailed(reason: string): void;
}

export class TlsHandshakes implements Deferred {
  readonly #loop: EpollLoop;
  readonly #due = new LinkedList<TlsHandshake>();
  #isDeferred = false;

  constructor(loop: EpollLoop) {
    this.#loop = loop;
  }

  begin(tls: TlsClient, events: TlsHandshakeEvents): TlsHandshake {
    const handshake = new TlsHandshake(tls, events, this);
    handshake.onReady();
    return handshake;
  }

  /** Takes the handshake's next step soon. */
  add(handshake: TlsHandshake): void {
    if (handshake.node.list) return;
    this.#due.add(handshake.node);
    this.#defer();
  }

  remove(handshake: TlsHandshake): void {
    this.#due.remove(handshake.node);
  }

  runDeferred(): void {
    this.#isDeferred = false;
    const handshake = this.#due.first;
    if (!handshake) return;
    this.#due.remove(handshake.node);
    if (this.#due.size > 0) this.#defer();
    handshake.step();
  }

  #defer(): void {
    if (this.#isDeferred) return;
    this.#isDeferred = true;
    this.#loop.defer(this);
  }
}

/** One client's handshake. */
export class TlsHandshake {
  readonly node = new ListNode<TlsHandshake>(this);
  readonly #tls: TlsClient;
  readonly #events: TlsHandshakeEvents;
  readonly #all: TlsHandshakes;

  constructor(tls: TlsClient, events: TlsHandshakeEvents, all: TlsHandshakes) {
    this.#tls = tls;
    this.#events = events;
    this.#all = all;
  }

  /** The client's socket has an event. */
  onReady(): void {
    this.#all.add(this);
  }

  step(): void {
    const result = this.#tls.handshake();
    if (result === 'more') this.#all.add(this);
    else if (result === 'done') this.#events.onSecured();
    else if (result !== 'waiting') this.#events.onSecureFailed(result.failed);
  }

  stop(): void {
    this.#all.remove(this);
  }
}
