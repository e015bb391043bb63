import type { EngineStatus } from '../../docker/engine-status.ts';
import type { ListenerStatus } from '../../relay/boundary/report.ts';
import type { Catalog } from '../catalog.ts';
import type { DialFailure } from './explanation.ts';

/**
 * All that an explanation goes by: the catalog, and what was seen of containers that never made it there.
 */
export interface ExplainWorld {
  readonly catalog: Catalog;
  readonly nowMs: number;
  readonly labelPrefix: string;
  readonly scope: 'all' | 'project';
  /** The compose project that Sealane runs in. */
  readonly project: string | undefined;
  readonly engine: EngineStatus;
  /** The first list of containers was read. */
  readonly synced: boolean;
  /** What Sealane can reach from where it stands, for people; undefined while it is not known. */
  readonly vantage: string | undefined;
  /** Labelled containers that live. */
  readonly containers: () => Iterable<ContainerView>;
  /** The container of the very name in question, from the engine, where it is no labelled container that lives. */
  readonly inspected: ContainerView | undefined;
  /** Names of other containers, for who mistypes one. */
  readonly otherNames: readonly string[];
  readonly listeners: ReadonlyMap<string, ListenerStatus>;
  /** Newest first. */
  readonly dialFailures: readonly DialFailure[];
  readonly activeOf: (upstreamKey: string) => number;
  readonly heldOf: (service: string) => number;
}

/** A container as far as explanations need it; texts are printable. */
export interface ContainerView {
  readonly id: string;
  readonly name: string;
  /** `running`, `exited` … */
  readonly state: string;
  readonly isLabelled: boolean;
  /** `enable` is false. */
  readonly isDisabled: boolean;
  /** Made by `compose run`. */
  readonly isOneoff: boolean;
  readonly project: string | undefined;
  /** `<project>/<service>`, as compose has it. */
  readonly composeService: string | undefined;
  /** What it is attached to, for people. */
  readonly networks: string;
}
