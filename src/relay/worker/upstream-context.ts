import { createSecureContext, type SecureContext } from 'node:tls';
import type { TlsSpec } from '../boundary/table.ts';

/**
 * What OpenSSL makes of how Sealane speaks TLS with upstreams: made when it is first asked for, and again when a table
 * says otherwise.
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
      // Without any: those that Node itself trusts. An empty text is not taken for none.
      ...(authorities !== undefined && { ca: authorities === '' ? [] : authorities }),
      ...(certificate && { cert: certificate.chain, key: certificate.key }),
    }));
  }
}
