import type { PublishedPort } from '../address/published.ts';
import type { EngineStatus } from './engine-status.ts';

/**
 * The validated facts about containers and engines. No code outside docker/ sees an engine's JSON.
 */
export type ContainerState = 'created' | 'running' | 'paused' | 'restarting' | 'removing' | 'exited' | 'dead';

export type HealthState = 'none' | 'starting' | 'healthy' | 'unhealthy';

/** A network that a container is attached to. The addresses are absent while the attachment is being set up. */
export interface NetworkAttachment {
  readonly name: string;
  readonly networkId: string;
  /** The network's driver, e.g. `bridge` or `macvlan`; absent where the engine does not tell. */
  readonly driver?: string;
  /** Nothing beyond the network is reached from it. Absent for others, and where the driver is absent. */
  readonly internal?: true;
  /** The connection has the mark of those that Sealane makes for its own container. */
  readonly joined?: true;
  readonly ipv4?: string;
  readonly ipv6?: string;
  /**
   * The address of the container's network card, in lower case, by which it is told from another container with its
   * address; where the engine tells of deaths late.
   */
  readonly hardware?: string;
}

/**
 * The drivers that put containers on the network of one of the host's interfaces, where that very host can't reach them
 * (Docker's documentation of macvlan), and where no port is published.
 */
export const lanDrivers: ReadonlySet<string | undefined> = new Set(['macvlan', 'ipvlan']);

/**
 * The bridge that a Swarm connects each container on an overlay network to, for the way out. The host reaches them there,
 * and they don't reach one another.
 */
export const gatewayBridge = 'docker_gwbridge';

/** The network namespace in which a container's sockets live. */
export type ContainerNetworking =
  | { readonly kind: 'networks'; readonly attachments: readonly NetworkAttachment[] }
  | { readonly kind: 'host' }
  /** The container shares the network namespace of container `of` (`network_mode`) and has no address of its own. */
  | { readonly kind: 'container'; readonly of: string }
  | { readonly kind: 'none' };

export interface ContainerFacts {
  /** The full 64-digit id. */
  readonly id: string;
  /** The name without its leading slash. It is hostile text: never print it without `printable`. */
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** The image as the container was created of it, e.g. `postgres:16`; absent where the engine does not tell. Hostile text. */
  readonly image?: string;
  /** Whether its engine may tell of its end only after another container has its addresses. */
  readonly isLate?: true;
  readonly createdAtMs: number;
  /** Start of the current (or last) run, in nanoseconds since the Unix epoch; 0n if the container never ran. */
  readonly startedAtNs: bigint;
  readonly state: ContainerState;
  /** The engine removes it as soon as it ends (`docker run --rm`). */
  readonly isRemovedAtEnd?: true;
  /**
   * The process id of this run on the engine's machine, where it is to be watched: where the engine tells of deaths so
   * late that the container's address may have gone to another one by then.
   */
  readonly process?: number;
  /** How the last run ended; absent while the container runs, and before it ever ran. */
  readonly lastExit?: { readonly code: number; readonly atMs: number };
  /** How often the engine has restarted the container since it was started; absent for never. */
  readonly restarts?: number;
  readonly health: HealthState;
  /** Set once this run was sent its stop signal. Only an event tells so, never an inspect. */
  readonly stopRequest?: { readonly signal: string; readonly atNs: bigint };
  readonly networking: ContainerNetworking;
  /** The engine failed to tell an address on one more network, and may tell it the next time. */
  readonly isIncomplete?: true;
  /** The TCP ports that the image or the container declares, ascending. */
  readonly exposedPorts: readonly number[];
  /** The TCP ports that are published on the host. */
  readonly publishedPorts: readonly PublishedPort[];
  /** The stop signal as written in the image or container, e.g. `SIGINT` or `2`; `SIGTERM` unless set. */
  readonly stopSignal: string;
  /** How long `docker stop` waits before SIGKILL; 10 s unless set. The value -1 (wait for ever) becomes Infinity. */
  readonly stopTimeoutMs: number;
}

/** A container's row in the engine's list, which decides whether to inspect it. The list may be stale around events. */
export interface ContainerSummary {
  readonly id: string;
  readonly names: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  /** The ports of the host on which TCP ports of the container are published. */
  readonly hostPorts: readonly number[];
  /** Set for a container that does not run: one that has exited, or was never started. */
  readonly isStopped?: true;
  /** A hash that changes with everything that the list shows of the container, but not with the passing of time. */
  readonly fingerprint: string;
  /** The container's IP addresses, by which Sealane may recognize its own container. */
  readonly addresses: readonly string[];
}

export interface EngineEvent {
  readonly type: 'container' | 'network';
  /** The action in Docker's words, e.g. `start`, `die`, `health_status: healthy` or `connect`. */
  readonly action: string;
  /** The container concerned; for a network event, the container that was connected or disconnected. */
  readonly containerId: string;
  /** Hostile text: a container event has all labels here, and labels override the engine's own attributes. */
  readonly attributes: Readonly<Record<string, string>>;
  /** The exact engine time in nanoseconds since the Unix epoch. */
  readonly timeNs: bigint;
  /** The engine tells of this before it has stored it, so that an inspect at once may still show the old state. */
  readonly isEarly?: true;
}

/** Sealane's position relative to the engine's containers, which decides which addresses it can reach. */
export type Reach =
  /** Sealane is on the engine's host, or in a container on the host network: every local bridge address works. */
  | { readonly kind: 'host' }
  /**
   * Sealane is in a container: addresses on its own networks work, and through `gateway` the ports that are published
   * on all addresses.
   */
  | { readonly kind: 'networks'; readonly networkIds: ReadonlySet<string>; readonly gateway?: string }
  /** Container addresses can't be reached: only the ports that are published on the engine's host work. */
  | {
      readonly kind: 'published';
      /** The engine's host; 127.0.0.1 where it publishes ports on this machine. */
      readonly host: string;
      /** The addresses of `host` where that is a name; none while it can't be resolved. */
      readonly addresses?: readonly string[];
      /**
       * Why containers of an engine on this machine can't be reached: `other-engine` where Sealane is in a container of
       * another one, `same-addresses` where another one gives its containers the same. Absent where the engine is on another
       * machine.
       */
      readonly because?: 'rootless' | 'virtual-machine' | 'other-engine' | 'same-addresses';
    };

export interface Vantage {
  readonly reach: Reach;
  /** The container Sealane runs in. */
  readonly selfId?: string;
  /** The compose project or stack of that container. */
  readonly project?: string;
  /** The network that Sealane's ports are in, where it is a container's and not the host's. */
  readonly ownNetwork?: OwnNetwork;
}

export interface OwnNetwork {
  /** The networks that the container is on; absent where it shares those of another container. */
  readonly attachments?: readonly NetworkAttachment[];
  /** An address of the container; absent while it has none. */
  readonly address?: string;
  /** Absent where clients reach the container without published ports, as they do on a LAN. */
  readonly published?: readonly PublishedPort[];
  /** The Swarm's service that the container is a task of, by the Swarm's own name: it publishes the ports. */
  readonly service?: string;
}

/** The last known state of the engine. It is kept while the engine is out of reach. */
export interface EngineSnapshot {
  /**
   * The live (running, paused, restarting) containers with Sealane's labels or of a Swarm's service that has them, the
   * parents whose networks they share, and the others of a compose project with a container that sleeps.
   */
  readonly containers: ReadonlyMap<string, ContainerFacts>;
  /** The stopped containers that sleep, and those of their compose projects; empty where Sealane may start none. */
  readonly stopped: ReadonlyMap<string, ContainerFacts>;
  readonly vantage: Vantage | undefined;
  readonly status: EngineStatus;
  /** Whether one full list has been read, with all containers that are of interest now. */
  readonly synced: boolean;
}
