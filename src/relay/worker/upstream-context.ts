import { createSecureContext, type SecureContext } from 'node:tls';
import type { TlsSpec } from '../boundary/table.ts';

/**
 * The OpenSSL context for TLS with upstreams, created on first use and again after a table has changed its spec.
 */
export class UpstreamContext {
  #spec: TlsSpec['upstream'];
  #context: SecureContext | undefined;

  apply(spec: TlsSpec['upstream']): void {
    if (spec !== this.#spec) this.#context = undefined;
    this.#spec = spec;
  }

  get context(): SecureContext {
    const { authorities, certificate } = this.#spec ?? {};
    return (this.#context ??= createSecureContext({
      // Undefined: the authorities that Node trusts. An empty text means no authority, which `ca: ''` would not.
      ...(authorities !== undefined && { ca: authorities === '' ? [] : authorities }),
      ...(certificate && { cert: certificate.chain, key: certificate.key }),
    }));
  }
}
