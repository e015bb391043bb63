import type { EngineStatus } from './engine-status.ts';

/**
 * Our own validated view of what the engine reports. Nothing outside docker/ ever sees an engine's JSON.
 */
export type ContainerState = 'created' | 'running' | 'paused' | 'restarting' | 'removing' | 'exited' | 'dead';

export type HealthState = 'none' | 'starting' | 'healthy' | 'unhealthy';

/** One network that a container is attached to. Addresses are absent while the attachment is being set up. */
export interface NetworkAttachment {
  readonly name: string;
  readonly networkId: string;
  readonly ipv4?: string;
  readonly ipv6?: string;
}

/** Where a container's sockets live. */
export type ContainerNetworking =
  | { readonly kind: 'networks'; readonly attachments: readonly NetworkAttachment[] }
  | { readonly kind: 'host' }
  /** `network_mode: container:<of>`: it shares that container's network namespace and has no address of its own. */
  | { readonly kind: 'container'; readonly of: string }
  | { readonly kind: 'none' };

/** A container port published on the engine's host. */
export interface PublishedPort {
  readonly containerPort: number;
  readonly hostIp: string;
  readonly hostPort: number;
}

export interface ContainerFacts {
  /** The full 64-digit id. */
  readonly id: string;
  /** Without the leading slash. Hostile text: never print it without the logger's escaping. */
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly createdAtMs: number;
  /** Start of the current (or last) run, in nanoseconds since the epoch; 0n if it never ran. */
  readonly startedAtNs: bigint;
  readonly state: ContainerState;
  readonly health: HealthState;
  /** This run was sent the signal that stops it. Heard from an event: no inspect tells. */
  readonly stopRequest?: { readonly signal: string; readonly atNs: bigint };
  readonly networking: ContainerNetworking;
  /** TCP ports that the image or the container declares, ascending. */
  readonly exposedPorts: readonly number[];
  /** TCP ports published on the host. */
  readonly publishedPorts: readonly PublishedPort[];
  /** As written in the image or container, e.g. `SIGINT` or `2`; `SIGTERM` unless set. */
  readonly stopSignal: string;
  /** How long `docker stop` waits before SIGKILL; 10 s unless set. -1 (wait for ever) arrives as Infinity. */
  readonly stopTimeoutMs: number;
}

/** A container's row in the engine's list: enough to decide whether to look closer. The list is stale around events. */
export interface ContainerSummary {
  readonly id: string;
  readonly names: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  /** Changes whenever something about the container changed that the list can show; never with mere time. */
  readonly fingerprint: string;
  /** IP addresses on its networks, to find ourselves by. */
  readonly addresses: readonly string[];
}

export interface EngineEvent {
  readonly type: 'container' | 'network';
  /** `start`, `die`, `health_status: healthy`, `connect` … */
  readonly action: string;
  /** The container concerned (for a network event, the one that was connected or disconnected). */
  readonly containerId: string;
  /** Container events carry all labels here, and labels override the engine's own attributes: hostile text. */
  readonly attributes: Readonly<Record<string, string>>;
  /** Exact engine time in nanoseconds. */
  readonly timeNs: bigint;
}

/** Where Sealane stands in relation to the engine's containers; decides which addresses it can reach. */
export type Reach =
  /** On the engine's host, or in a container on the host network: every local bridge address works. */
  | { readonly kind: 'host' }
  /** In a container: only networks shared with it work, and ports published on all addresses through `gateway`. */
  | { readonly kind: 'networks'; readonly networkIds: ReadonlySet<string>; readonly gateway?: string }
  /** The engine is on another machine or in a VM: only published ports work, on `host`. */
  | { readonly kind: 'published'; readonly host: string };

export interface Vantage {
  readonly reach: Reach;
  /** The container Sealane runs in. */
  readonly selfId?: string;
  /** The compose project of that container. */
  readonly project?: string;
}

/** The world as last known. Kept, not emptied, while the engine is out of reach. */
export interface EngineSnapshot {
  /** Live (running, paused, restarting) containers with our labels, and the parents whose networks they share. */
  readonly containers: ReadonlyMap<string, ContainerFacts>;
  readonly vantage: Vantage | undefined;
  readonly status: EngineStatus;
  /** True once one full list has been read. */
  readonly synced: boolean;
}
