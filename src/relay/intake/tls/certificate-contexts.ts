import { createSecureContext, type SecureContext } from 'node:tls';
import type { CertificateSpec, TlsSpec } from '../../boundary/table.ts';
import { createCertificateChoice } from './certificate-choice.ts';

/**
 * What OpenSSL makes of the certificates in use, made when first asked for. With a new table only new certificates are
 * read again; clients that are there go on with what they were shown.
 */
export class CertificateContexts {
  readonly #ticketKeys: Buffer;
  #spec: Pick<TlsSpec, 'minVersion' | 'certificates'> = { minVersion: 'TLSv1.2', certificates: [] };
  #choose = createCertificateChoice([]);
  #contexts = new Map<string, SecureContext>();

  /** `ticketKeys`: 48 random bytes, the same for all threads, so that each takes up a session that another began. */
  constructor(ticketKeys: Uint8Array) {
    this.#ticketKeys = Buffer.from(ticketKeys);
  }

  apply(spec: TlsSpec): void {
    const before = this.#contexts;
    this.#contexts = new Map();
    for (const { chain } of spec.minVersion === this.#spec.minVersion ? spec.certificates : []) {
      const known = before.get(chain);
      if (known) this.#contexts.set(chain, known);
    }
    this.#spec = spec;
    this.#choose = createCertificateChoice(spec.certificates);
  }

  /** For a client that asks for this name, or for none. Undefined: there is no certificate that could be used. */
  contextFor(serverName: string | undefined): SecureContext | undefined {
    const certificate = this.#choose(serverName);
    return certificate && (this.#contexts.get(certificate.chain) ?? this.#make(certificate));
  }

  #make({ chain, key }: CertificateSpec): SecureContext | undefined {
    const { minVersion } = this.#spec;
    try {
      const context = createSecureContext({ cert: chain, key, minVersion, ticketKeys: this.#ticketKeys });
      this.#contexts.set(chain, context);
      return context;
    } catch {
      // Whoever read it has tried the same, and would have said so.
      return undefined;
    }
  }
}
