/**
 * An operator's change to one upstream. Like a health verdict it is an input of the catalog. It applies while the
 * upstream's process lives and Sealane runs.
 */
export interface Override {
  /** Whether the upstream gets no new sessions; its sessions may continue without a limit. */
  readonly drained: boolean;
  /** Replaces the declared weight; undefined to keep it. */
  readonly weight: number | undefined;
}
