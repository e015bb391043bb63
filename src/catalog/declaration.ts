import type { Address } from '../address/address.ts';
import type { Name, PoolOptions, ProxyProtocol, TlsMode, UpstreamSpec } from '../relay/boundary/table.ts';

/**
 * What discovery says about the world: one declaration for each listen address of each route of each container or static
 * upstream. The catalog merges them into services.
 */
export interface Declaration {
  readonly service: string;
  /** Its host is an IP address or a Unix socket. */
  readonly listen: Address;
  readonly match: RouteMatch;
  readonly pool: PoolOptions;
  /** Undefined while it cannot be reached; the service is declared all the same, and its clients are held. */
  readonly upstream: DeclaredUpstream | undefined;
  readonly declaredBy: Declarer;
}

/** Which clients of a listen address are meant, and how they begin. */
export interface RouteMatch {
  /** None: those that ask for no name, or for one that nobody has. */
  readonly names: readonly Name[];
  readonly tls: TlsMode;
  /** CIDRs of proxies whose PROXY header is believed; empty: nobody sends one. */
  readonly acceptProxy: readonly string[];
  /** Undefined: whatever others on the address want. */
  readonly sniffTimeoutMs: number | undefined;
}

/** Two declarations with the same key are the same process at the same address, reached by the same route. */
export interface DeclaredUpstream extends Omit<UpstreamSpec, 'availability'> {
  /** The run of the container behind it; undefined for a static upstream, whose process we know nothing of. */
  readonly run: ContainerRun | undefined;
  readonly health: HealthPlan;
  readonly condition: Condition;
  /** How long its sessions run on once it is taken out while its process lives. */
  readonly drainMs: number;
}

/** How its fitness is judged. */
export type HealthPlan =
  /** Taken to be fit until a dial fails. */
  | { readonly kind: 'none' }
  /** Fit once its port has accepted a connection. */
  | { readonly kind: 'readiness' }
  /** What the container's HEALTHCHECK says. */
  | { readonly kind: 'docker' }
  /** Asked again and again: whether its port accepts, or what a path answers. */
  | ({ readonly kind: 'tcp' } & CheckSchedule)
  | ({
      readonly kind: 'http';
      readonly path: string;
      /** The header that the upstream waits for before the request. */
      readonly proxyProtocol: ProxyProtocol | undefined;
      /** The name to ask for where the upstream wants TLS; '' for none. */
      readonly tlsServerName?: string;
    } & CheckSchedule);

interface CheckSchedule {
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** Good answers in a row that make an unhealthy upstream ready. */
  readonly rise: number;
  /** Bad answers in a row that make a ready one unhealthy. */
  readonly fall: number;
}

/** What the engine says of the process behind an upstream. */
export type Condition =
  | { readonly kind: 'running'; readonly health: 'none' | 'starting' | 'healthy' | 'unhealthy' }
  | { readonly kind: 'paused' }
  /** It was sent the signal that stops it. */
  | { readonly kind: 'stopping'; readonly signal: string };

/** One run of a container, from its start to its death; the same container started again is another process. */
export interface ContainerRun {
  readonly id: string;
  readonly startedAtNs: bigint;
}

export type Declarer =
  | {
      readonly kind: 'container';
      readonly id: string;
      readonly name: string;
      readonly createdAtMs: number;
      /** The route among its labels; '' for the one written without a name. */
      readonly route: string;
    }
  /** The configuration file or the command line. `position` is the order in which it was written. */
  | { readonly kind: 'static'; readonly position: number };

/** Static before containers, then older before newer; the id settles ties, so that listing order never matters. */
export function bySeniority(a: Declarer, b: Declarer): number {
  if (a.kind === 'static') return b.kind === 'static' ? a.position - b.position : -1;
  if (b.kind === 'static') return 1;
  return a.createdAtMs - b.createdAtMs || (a.id < b.id ? -1 : Number(a.id > b.id));
}

/** For problems and log lines. */
export function nameOf(declarer: Declarer): string {
  return declarer.kind === 'container' ? declarer.name : 'the configuration';
}
