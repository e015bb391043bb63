import type { Address } from '../address/address.ts';
import type {
  Name,
  PoolOptions,
  ProxyProtocol,
  RouteProtocol,
  TlsMode,
  UpstreamSpec,
} from '../relay/boundary/table.ts';
import type { EngineTag } from './container-name.ts';
import { compareNatural } from '../text/natural-order.ts';

/**
 * The output of discovery: one declaration for each listen address of each route of each container or static upstream.
 * The catalog merges declarations into services.
 */
export interface Declaration {
  readonly service: string;
  /** The listen address; its host is an IP address or a Unix socket. */
  readonly listen: Address;
  readonly match: RouteMatch;
  readonly pool: PoolOptions;
  /** Undefined while the upstream cannot be reached; the service is declared all the same, and its clients are held. */
  readonly upstream: DeclaredUpstream | undefined;
  readonly declaredBy: Declarer;
}

/** Selects clients of a listen address, and says how their connections begin. */
export interface RouteMatch {
  /** The names that clients ask for; empty for clients that ask for no name, or for a name that no route has. */
  readonly names: readonly Name[];
  readonly tls: TlsMode;
  /** CIDRs of the proxies that send a trusted PROXY header; empty if clients send none. */
  readonly acceptProxy: readonly string[];
  readonly protocol: RouteProtocol;
  /** Undefined to use the timeout of the other routes on the address. */
  readonly sniffTimeoutMs: number | undefined;
}

/** Two declared upstreams with the same key are the same process at the same address, for the same route. */
export interface DeclaredUpstream extends Omit<UpstreamSpec, 'availability'>, EngineTag {
  /** The run of the upstream's container; undefined for a static upstream, whose process is unknown. */
  readonly run: ContainerRun | undefined;
  readonly task?: TaskTag;
  /** The node of a Swarm that its container is on, where no watched engine tells of it. */
  readonly node?: string;
  readonly health: HealthPlan;
  /** When its container is put to sleep; absent for never. */
  readonly sleep?: SleepPlan;
  /** What to do where its addresses answer nothing; without it, the advice names them. */
  readonly silentAdvice?: string;
  /** Set where it is reached through its published port. */
  readonly published?: PublishedUpstream;
  readonly condition: Condition;
  /** How long sessions may continue after the upstream was removed while its process lives. */
  readonly drainMs: number;
}

interface PublishedUpstream {
  /** Why its own addresses are not dialed: `since this engine is rootless`. */
  readonly because: string;
  /** The port that its process is to listen on, which has another number outside of the container. */
  readonly port: number;
}

/** How the health of an upstream is judged. */
export type HealthPlan =
  /** The upstream counts as fit until a dial fails. */
  | { readonly kind: 'none' }
  /** The upstream is fit once its port has accepted a connection. */
  | { readonly kind: 'readiness' }
  /** The container's HEALTHCHECK decides. */
  | { readonly kind: 'docker' }
  /** The port is checked at intervals: whether it accepts a connection, or which status a path has. */
  | ({ readonly kind: 'tcp' } & CheckSchedule)
  | ({
      readonly kind: 'http';
      readonly path: string;
      /** The PROXY header that the upstream expects before the request. */
      readonly proxyProtocol: ProxyProtocol | undefined;
      /** The server name for an upstream that expects TLS, '' for none; undefined without TLS. */
      readonly tlsServerName?: string;
    } & CheckSchedule);

interface CheckSchedule {
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** The passes in a row that make an unhealthy upstream ready. */
  readonly rise: number;
  /** The failures in a row that make a ready upstream unhealthy. */
  readonly fall: number;
}

/** When a container is put to sleep, and how. */
export interface SleepPlan {
  /** After how long without an open session on any of its ports, in milliseconds. */
  readonly afterMs: number;
  readonly mode: 'stop' | 'pause';
  /** The compose services that are started before it; those of `depends_on` unless given. */
  readonly with?: readonly string[];
}

/** The condition of an upstream's process, as the engine reports it. */
export type Condition =
  | { readonly kind: 'running'; readonly health: 'none' | 'starting' | 'healthy' | 'unhealthy' }
  | { readonly kind: 'paused' }
  /** Its container was stopped, or paused, and is started for the next client. */
  | { readonly kind: 'asleep'; readonly how: 'stopped' | 'paused' }
  /** The process is to end: it was sent its stop signal, or its Swarm wants it to end. */
  | { readonly kind: 'stopping'; readonly reason: string };

/** One run of a container, from its start to its end; the next run of the same container is another process. */
export interface ContainerRun {
  readonly id: string;
  readonly startedAtNs: bigint;
  /** The task of a Swarm, where only a manager tells of the run; `startedAtNs` is 0n then. */
  readonly task?: { readonly id: string; readonly serviceId: string };
}

/** The task of a Swarm that a container runs; all texts are printable. */
export interface TaskTag {
  readonly id: string;
  /** The Swarm's own name of the service: `shop_web`. */
  readonly service: string;
  /** Docker's name for people: `shop_web.2`, or with the node's id for a task of a global service. */
  readonly name: string;
  /** The number of a replica; absent for a task of a global service. */
  readonly slot?: number;
  /** The host name of the node, or its id where no manager tells it; absent while it was given to no node. */
  readonly node?: string;
  /** What the Swarm wants of it, such as `running` or `shutdown`; absent where no manager tells it. */
  readonly desired?: string;
}

export type Declarer =
  | {
      readonly kind: 'container';
      readonly id: string;
      /** Where several engines are watched, the name has the engine's, as in `web@a`. */
      readonly name: string;
      /** The name of the container's engine; undefined where only one is watched. */
      readonly engine?: string | undefined;
      readonly createdAtMs: number;
      /** When the Swarm's service that it is of was created, where that is told: its updates make new containers. */
      readonly serviceCreatedAtMs?: number;
      /** Its compose project or stack; only compared, since it is hostile text. */
      readonly project?: string | undefined;
      /** The task of a Swarm that it is of. */
      readonly task?: TaskTag;
      /** The name of the route in the container's labels; '' for the unnamed route. */
      readonly route: string;
    }
  /** The configuration file or the command line; `position` is the service's index there. */
  | { readonly kind: 'static'; readonly position: number }
  /** Sealane's own index of names, for clients that no name matches. */
  | { readonly kind: 'index' };

/** The service of that index. No label and no file can name one so. */
export const indexService = '(index)';

/**
 * Orders static declarers before containers, then older before newer; the index of names comes last. Ids settle ties, so
 * that list order never matters.
 */
export function bySeniority(a: Declarer, b: Declarer): number {
  if (a.kind === 'index' || b.kind === 'index') return Number(a.kind === 'index') - Number(b.kind === 'index');
  if (a.kind === 'static') return b.kind === 'static' ? a.position - b.position : -1;
  if (b.kind === 'static') return 1;
  const byService = (a.serviceCreatedAtMs ?? a.createdAtMs) - (b.serviceCreatedAtMs ?? b.createdAtMs);
  return byService || a.createdAtMs - b.createdAtMs || (a.id < b.id ? -1 : Number(a.id > b.id));
}

/** The declarer's name in problems and log lines. */
export function nameOf(declarer: Declarer): string {
  if (declarer.kind === 'index') return 'the setting names';
  return declarer.kind === 'container' ? declarer.name : 'the configuration';
}

/** The names of declarers, each once, in the order in which people read them. */
export function namesOf(declarers: Iterable<Declarer>): string[] {
  return [...new Set([...declarers].map(nameOf))].toSorted(compareNatural);
}
