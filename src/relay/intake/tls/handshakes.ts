import type { Clock } from '../../../time/clock.ts';
import type { Channel, TlsContext, TlsTerms } from '../../driver/driver.ts';
import { LinkedList } from '../../driver/linked-list.ts';
import type { TlsSpec } from '../../boundary/table.ts';
import { CertificateContexts } from './certificate-contexts.ts';
import { Handshake, type HandshakeEvents, type HandshakeOptions } from './handshake.ts';

/**
 * The TLS handshakes under way in one thread, and the certificates that they use.
 */
export class Handshakes {
  readonly #clock: Clock;
  readonly #contexts: CertificateContexts;
  readonly #handshakes = new LinkedList<Handshake>();
  #timeoutMs = 10_000;

  constructor(clock: Clock, createContext: (terms: TlsTerms) => TlsContext, ticketKeys: Uint8Array | undefined) {
    this.#clock = clock;
    this.#contexts = new CertificateContexts(createContext, ticketKeys);
  }

  apply(spec: TlsSpec): void {
    this.#timeoutMs = spec.handshakeTimeoutMs;
    this.#contexts.apply(spec);
  }

  begin(channel: Channel, offer: Pick<HandshakeOptions, 'alpn' | 'isPostgres'>, events: HandshakeEvents): void {
    const options = {
      contextFor: (name: string | undefined) => this.#contexts.contextFor(name),
      ...offer,
      timeoutMs: this.#timeoutMs,
    };
    const handshake = new Handshake(channel, this.#clock, options, {
      onSecured: (request) => {
        this.#handshakes.remove(handshake.node);
        events.onSecured(request);
      },
      onOver: (...how) => {
        this.#handshakes.remove(handshake.node);
        events.onOver(...how);
      },
    });
    this.#handshakes.add(handshake.node);
  }

  closeAll(): void {
    for (const handshake of this.#handshakes) handshake.close();
    this.#contexts.free();
  }
}
