/**
 * What an operator asked of one upstream: an input of the catalog like a health verdict. It holds for as long as the
 * upstream's process lives and Sealane runs.
 */
export interface Override {
  /** Takes no new sessions; those it has run on for as long as they like. */
  readonly drained: boolean;
  /** Instead of the declared one. */
  readonly weight: number | undefined;
}
