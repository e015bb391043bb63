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
  /** Empty where Sealane runs without Docker. */
  readonly engines: readonly EngineView[];
  /** The live containers with Sealane's labels. */
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
  /** The container's networks, for people. */
  readonly networks: string;
  /** The services that its labels name, as `pool`. */
  readonly pools: readonly string[];
  /** Whether its labels, also those with mistakes, ask for a listener on the port. */
  readonly asksFor: (port: number) => boolean;
  /** The ports of this machine on which its own ports are published. */
  readonly hostPorts: readonly number[];
}
