import { CidrSet } from '../cidr-set.ts';
import { Names } from '../name-index.ts';
import type { ListenerSpec, NameSpec, TlsMode } from '../../boundary/table.ts';

/**
 * What a listener has to detect before it routes clients to a service, compiled from its spec for quick lookups.
 */
export interface ListenerConfig {
  /** The listener's key. */
  readonly listener: string;
  readonly names: Names<NameSpec>;
  /** TLS hellos have to be read for server names. */
  readonly hasTlsNames: boolean;
  /** HTTP request heads have to be read for hosts. */
  readonly hasHosts: boolean;
  /** Clients that ask for TLS by Postgres' SSLRequest are granted it. */
  readonly grantsTls: boolean;
  /** Clients speak Postgres, and may begin with a CancelRequest. */
  readonly hasDatabase: boolean;
  /**
   * The services that a CancelRequest may be for: those that clients reach by server name, and the catch-all where
   * clients speak Postgres.
   */
  readonly databases: readonly string[];
  /** The destination of clients that ask for no name or for an unknown one. */
  readonly catchAll: Destination | undefined;
  /** The addresses of trusted proxies, which must send a PROXY header; undefined when there are none. */
  readonly trusted: CidrSet | undefined;
  readonly sniffTimeoutMs: number;
  /** The hosts listed in the answer to an HTTP client that asks for an unknown one; undefined: no hosts are listed. */
  readonly hosts: readonly string[] | undefined;
}

export interface Destination {
  readonly service: string;
  readonly tls: TlsMode;
}

/** Undefined where nothing has to be detected: every client is routed to the one service at once. */
export function listenerConfigOf(spec: ListenerSpec): ListenerConfig | undefined {
  const { key, service, tls, names, acceptProxy, sniffTimeoutMs, explainNames, postgres } = spec;
  if (service !== undefined && tls === 'passthrough' && names.length === 0 && !acceptProxy && !postgres)
    return undefined;
  const found = names.map(asFound);
  const hosts = names.filter(({ kind }) => kind === 'host');
  return {
    listener: key,
    names: new Names(found),
    hasTlsNames: found.some(({ kind }) => kind === 'sni'),
    // Postgres' clients ask for TLS before they send a hello.
    grantsTls: tls === 'terminate' || found.some(({ kind }) => kind === 'sni'),
    hasHosts: found.some(({ kind }) => kind === 'host'),
    hasDatabase: postgres,
    databases: databasesOf(found, postgres ? service : undefined),
    catchAll: service === undefined ? undefined : { service, tls },
    trusted: acceptProxy && new CidrSet(acceptProxy),
    sniffTimeoutMs,
    hosts: explainNames
      ? hosts.map(({ pattern, tls: mode }) => `http${mode === 'terminate' ? 's' : ''}://${pattern}`)
      : undefined,
  };
}

function databasesOf(names: readonly NameSpec[], catchAll: string | undefined): readonly string[] {
  const services = names.filter(({ kind }) => kind === 'sni').map((name) => name.service);
  return [...new Set(catchAll === undefined ? services : [...services, catchAll])];
}

/** Where Sealane ends TLS, it goes by the server name in the hello and does not read the HTTP host within. */
function asFound(name: NameSpec): NameSpec {
  return name.kind === 'host' && name.tls === 'terminate' ? { ...name, kind: 'sni' } : name;
}
