import { ticketKeyBytes } from '../../boundary/messages.ts';
import type { TlsContext, TlsTerms } from '../../driver/driver.ts';
import type { CertificateSpec, TlsSpec } from '../../boundary/table.ts';
import { createCertificateChoice } from './certificate-choice.ts';

/**
 * The driver's contexts of the certificates in use, created on first use. With a new table only new certificates are
 * read; present clients keep the certificate that they were shown.
 */
export class CertificateContexts {
  readonly #create: (terms: TlsTerms) => TlsContext;
  #ticketKeys: Uint8Array | undefined;
  #spec: Pick<TlsSpec, 'minVersion' | 'certificates'> = { minVersion: 'TLSv1.2', certificates: [] };
  #choose = createCertificateChoice([]);
  #contexts = new Map<string, TlsContext>();

  /**
   * `ticketKeys`: the same in all threads, so that each can resume a TLS session of another. Default: drawn for the
   * first certificate.
   */
  constructor(create: (terms: TlsTerms) => TlsContext, ticketKeys: Uint8Array | undefined) {
    this.#create = create;
    this.#ticketKeys = ticketKeys;
  }

  apply(spec: TlsSpec): void {
    const before = this.#contexts;
    this.#contexts = new Map();
    for (const { chain } of spec.minVersion === this.#spec.minVersion ? spec.certificates : []) {
      const known = before.get(chain);
      if (!known) continue;
      this.#contexts.set(chain, known);
      before.delete(chain);
    }
    for (const context of before.values()) context.free();
    this.#spec = spec;
    this.#choose = createCertificateChoice(spec.certificates);
  }

  /** The context for a client that asks for this name, or for none; undefined when no certificate is usable. */
  contextFor(serverName: string | undefined): TlsContext | undefined {
    const certificate = this.#choose(serverName);
    return certificate && (this.#contexts.get(certificate.chain) ?? this.#make(certificate));
  }

  free(): void {
    for (const context of this.#contexts.values()) context.free();
    this.#contexts.clear();
  }

  #make({ chain, key }: CertificateSpec): TlsContext | undefined {
    const { minVersion } = this.#spec;
    const ticketKeys = (this.#ticketKeys ??= crypto.getRandomValues(new Uint8Array(ticketKeyBytes)));
    try {
      const context = this.#create({ chain, key, minVersion, ticketKeys });
      this.#contexts.set(chain, context);
      return context;
    } catch {
      // The code that read the certificate tried the same and reported the error.
      return undefined;
    }
  }
}
