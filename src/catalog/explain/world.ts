import type { EngineTag } from '../container-name.ts';
import type { TaskTag } from '../declaration.ts';
import type { EngineStatus } from '../../docker/engine-status.ts';
import type { ListenerStatus } from '../../relay/boundary/report.ts';
import type { Catalog } from '../catalog.ts';
import type { DialFailure } from './explanation.ts';

/**
 * The input of an explanation: the catalog, and the containers that are not in it.
 */
export interface ExplainWorld {
  readonly catalog: Catalog;
  readonly nowMs: number;
  readonly labelPrefix: string;
  readonly scope: 'all' | 'project';
  /** The compose project that Sealane runs in. */
  readonly project: string | undefined;
  /** The Swarm's service that Sealane's container is a task of. */
  readonly ownService?: string | undefined;
  /** Empty where Sealane runs without Docker. */
  readonly engines: readonly EngineView[];
  /** Undefined where no engine is a node of a Swarm. */
  readonly swarm?: ShownSwarm | undefined;
  /** The live containers with Sealane's labels, and the tasks of a Swarm that only a manager tells of. */
  readonly containers: () => Iterable<ContainerView>;
  /** The live container with Sealane's labels and this id. */
  readonly containerOf: (id: string) => ContainerView | undefined;
  /** Other containers that the question is about, which the engine was asked for: stopped or unlabelled ones. */
  readonly inspected: readonly ContainerView[];
  /** The names of other containers, for suggestions. */
  readonly otherNames: readonly string[];
  readonly listeners: ReadonlyMap<string, ListenerStatus>;
  /** The recent dial failures, newest first. */
  readonly dialFailures: readonly DialFailure[];
  readonly activeOf: (upstreamKey: string) => number;
  readonly heldOf: (service: string) => number;
}

/** What a manager tells of a task. */
export interface ToldTask {
  readonly stage: 'waiting' | 'running' | 'stopping' | 'ended' | 'lost';
  /** Its state with the Swarm's own reason: `pending: no suitable node (…)`. */
  readonly words: string;
  /** Whether no node fits. */
  readonly isRefused: boolean;
  /** Whether its node has no image for it. */
  readonly isImageMissing: boolean;
}

/** A service of a Swarm, with or without labels of Sealane. */
export interface SwarmServiceView {
  /** The Swarm's own name: `shop_web`. */
  readonly name: string;
  readonly isLabelled: boolean;
  readonly isJob: boolean;
  /** Undefined for a job and for a global service. */
  readonly replicas: number | undefined;
}

/** The view of a Swarm for explanations. */
export interface ShownSwarm {
  /** `failing`: it is as last known. `unseen`: no manager is watched, so that tasks of other nodes are unknown. */
  readonly state: 'watched' | 'failing' | 'reading' | 'unseen';
  /** `the Swarm is watched: 2 nodes, 3 services`. */
  readonly text: string;
  /** The service that is meant by a text. */
  readonly find: (text: string) => SwarmServiceView | undefined;
  /** The Swarm's own names of all services. */
  readonly names: () => Iterable<string>;
}

/** The view of an engine for explanations. */
export interface EngineView {
  /** Undefined where only one engine is watched. */
  readonly name: string | undefined;
  readonly status: EngineStatus;
  /** Whether the first list of containers was read. */
  readonly synced: boolean;
  /** Sealane's vantage, for people; undefined while it is unknown. */
  readonly vantage: string | undefined;
}

/** The view of a container for explanations; its texts are printable. */
export interface ContainerView extends EngineTag {
  readonly id: string;
  /** Where several engines are watched, the name has the engine's, as in `web@a`. */
  readonly name: string;
  /** The engine's state of the container, e.g. `running` or `exited`. */
  readonly state: string;
  /** How the last run ended; undefined while it runs, and before it ever ran. */
  readonly lastExit: { readonly code: number; readonly atMs: number } | undefined;
  /** How often the engine has restarted it. */
  readonly restarts: number;
  readonly isLabelled: boolean;
  /** Whether the label `enable` is false. */
  readonly isDisabled: boolean;
  /** Whether `compose run` created the container. */
  readonly isOneoff: boolean;
  /** Its compose project or stack. */
  readonly project: string | undefined;
  /** The service that compose or Swarm created it for, as `<project>/<service>`; undefined without either. */
  readonly createdFor: string | undefined;
  /** The task of a Swarm that it runs. */
  readonly task: TaskTag | undefined;
  /** Whether its labels say that it runs a task of another node, and the managers of that Swarm do not say so. */
  readonly isLeftToManager?: true;
  /** Set where only a manager of the Swarm tells of the task: on another node, or without a container yet. */
  readonly told?: ToldTask;
  /** The container's networks, for people. */
  readonly networks: string;
  /** The services that its labels name, as `pool`. */
  readonly pools: readonly string[];
  /** Whether its labels, also those with mistakes, ask for a listener on the port. */
  readonly asksFor: (port: number) => boolean;
  /** The ports of this machine on which its own ports are published. */
  readonly hostPorts: readonly number[];
}
