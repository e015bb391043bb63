import { findByPattern } from '../../address/name-patterns.ts';

/**
 * Finds which of a listener's names a client asked for: an exact name before a wildcard, a longer wildcard before a
 * shorter one. A client whose name is not found is routed to the catch-all.
 */
export interface Named {
  /** A TLS server name, or the host of an HTTP request. */
  readonly kind: 'sni' | 'host';
  /**
   * `api.localhost`, `[::1]`, or `*.localhost` for all names beneath `localhost` at any depth; `*` for any name. Always
   * in lower case.
   */
  readonly pattern: string;
}

export class Names<N extends Named> {
  readonly #byPattern: Readonly<Record<Named['kind'], Map<string, N>>> = { sni: new Map(), host: new Map() };

  /** Of two entries with the same kind and pattern the first counts. */
  constructor(named: readonly N[]) {
    for (const one of named) {
      const byPattern = this.#byPattern[one.kind];
      if (!byPattern.has(one.pattern)) byPattern.set(one.pattern, one);
    }
  }

  /** `name` is in lower case, as the parsers return it, or undefined when the client sent none. */
  find(kind: Named['kind'], name: string | undefined): N | undefined {
    if (name === undefined) return undefined;
    return findByPattern(this.#byPattern[kind], name);
  }
}
