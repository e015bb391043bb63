import type { Clock } from '../../../time/clock.ts';
import type { Channel } from '../../driver/driver.ts';
import { Roll, type Place } from '../../driver/linked-list.ts';
import type { TlsSpec } from '../../boundary/table.ts';
import { CertificateContexts } from './certificate-contexts.ts';
import { Handshake, type HandshakeEvents } from './handshake.ts';

/**
 * The clients of one thread whose TLS is being begun, and what they are shown.
 */
export class TlsEnds {
  readonly #clock: Clock;
  readonly #contexts: CertificateContexts;
  readonly #handshakes = new Roll<Handshake>();
  #timeoutMs = 10_000;

  constructor(clock: Clock, ticketKeys: Uint8Array) {
    this.#clock = clock;
    this.#contexts = new CertificateContexts(ticketKeys);
  }

  apply(spec: TlsSpec): void {
    this.#timeoutMs = spec.handshakeTimeoutMs;
    this.#contexts.apply(spec);
  }

  begin(channel: Channel, alpn: readonly string[], events: HandshakeEvents): void {
    const options = {
      contextFor: (name: string | undefined) => this.#contexts.contextFor(name),
      alpn,
      timeoutMs: this.#timeoutMs,
    };
    let place: Place<Handshake> | undefined;
    const handshake = new Handshake(channel, this.#clock, options, {
      onSecured: () => {
        this.#handshakes.leave(place);
        events.onSecured();
      },
      onOver: (...how) => {
        this.#handshakes.leave(place);
        events.onOver(...how);
      },
    });
    place = this.#handshakes.join(handshake);
  }

  closeAll(): void {
    for (const handshake of this.#handshakes) handshake.close();
  }
}
