import type { AcquiredEngine } from '../../dev/engine/acquire.ts';

/** Where a form of Sealane is made and used. */
export interface Place {
  readonly root: string;
  /** For what is built. It is removed at the end. */
  readonly folder: string;
  readonly emptyFolder: () => Promise<string>;
  readonly version: string;
  readonly engine: AcquiredEngine;
  /** An image with a shell and a web server. */
  readonly image: string;
  readonly sees: (line: string) => void;
}
