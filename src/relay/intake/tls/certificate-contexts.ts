import { randomBytes } from 'node:crypto';
import { createSecureContext, type SecureContext } from 'node:tls';
import type { CertificateSpec, TlsSpec } from '../../boundary/table.ts';
import { createCertificateChoice } from './certificate-choice.ts';

/**
 * The OpenSSL contexts of the certificates in use, created on first use. With a new table only new certificates are
 * read; present clients keep the certificate that they were shown.
 */
export class CertificateContexts {
  #ticketKeys: Buffer | undefined;
  #spec: Pick<TlsSpec, 'minVersion' | 'certificates'> = { minVersion: 'TLSv1.2', certificates: [] };
  #choose = createCertificateChoice([]);
  #contexts = new Map<string, SecureContext>();

  /**
   * `ticketKeys`: 48 random bytes, the same in all threads, so that each can resume a TLS session of another. Default:
   * drawn for the first certificate, since node:crypto takes 7 ms to load.
   */
  constructor(ticketKeys: Uint8Array | undefined) {
    this.#ticketKeys = ticketKeys && Buffer.from(ticketKeys);
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

  /** The context for a client that asks for this name, or for none; undefined when no certificate is usable. */
  contextFor(serverName: string | undefined): SecureContext | undefined {
    const certificate = this.#choose(serverName);
    return certificate && (this.#contexts.get(certificate.chain) ?? this.#make(certificate));
  }

  #make({ chain, key }: CertificateSpec): SecureContext | undefined {
    const { minVersion } = this.#spec;
    this.#ticketKeys ??= randomBytes(48);
    try {
      const context = createSecureContext({ cert: chain, key, minVersion, ticketKeys: this.#ticketKeys });
      this.#contexts.set(chain, context);
      return context;
    } catch {
      // The code that read the certificate tried the same and reported the error.
      return undefined;
    }
  }
}
