import { CidrSet } from '../cidr-set.ts';
import { Names } from '../name-index.ts';
import type { ListenerSpec, NameSpec, TlsMode } from '../../boundary/table.ts';

/**
 * What a listener has to know of its clients before it routes them to a service, made ready to be looked up.
 */
export interface ListenerConfig {
  /** The listener's key. */
  readonly listener: string;
  readonly names: Names<NameSpec>;
  /** TLS hellos are to be read; heads of HTTP requests. */
  readonly hasTlsNames: boolean;
  readonly hasHosts: boolean;
  /** Clients that ask for TLS in Postgres' way are told yes. */
  readonly grantsTls: boolean;
  /** For clients that ask for no name, or for none of these. */
  readonly catchAll: Destination | undefined;
  /** Clients that are proxies; undefined: nobody is. */
  readonly trusted: CidrSet | undefined;
  readonly sniffTimeoutMs: number;
  /** To be told to HTTP clients that ask for another; undefined: nothing is told. */
  readonly hosts: readonly string[] | undefined;
}

export interface Destination {
  readonly service: string;
  readonly tls: TlsMode;
}

/** Undefined where there is nothing to find out: every client is routed to the one service at once. */
export function listenerConfigOf(spec: ListenerSpec): ListenerConfig | undefined {
  const { key, service, tls, names, acceptProxy, sniffTimeoutMs, explainNames } = spec;
  if (service !== undefined && tls === 'passthrough' && names.length === 0 && !acceptProxy) return undefined;
  const found = names.map(asFound);
  const hosts = names.filter(({ kind }) => kind === 'host');
  return {
    listener: key,
    names: new Names(found),
    hasTlsNames: found.some(({ kind }) => kind === 'sni'),
    // Who ends TLS is asked for it first by Postgres' clients.
    grantsTls: tls === 'terminate' || found.some(({ kind }) => kind === 'sni'),
    hasHosts: found.some(({ kind }) => kind === 'host'),
    catchAll: service === undefined ? undefined : { service, tls },
    trusted: acceptProxy && new CidrSet(acceptProxy),
    sniffTimeoutMs,
    hosts: explainNames
      ? hosts.map(({ pattern, tls: mode }) => `http${mode === 'terminate' ? 's' : ''}://${pattern}`)
      : undefined,
  };
}

/** Where TLS is terminated a client names its host in the hello, and is not asked again. */
function asFound(name: NameSpec): NameSpec {
  return name.kind === 'host' && name.tls === 'terminate' ? { ...name, kind: 'sni' } : name;
}
