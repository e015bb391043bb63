import type { EngineTag } from './container-name.ts';

/**
 * What became of a container whose labels don't say all: the name and the port that were chosen for it, or why it got none.
 */
export interface Exposure extends EngineTag {
  readonly containerId: string;
  /** Where several engines are watched, the name has the engine's, as in `web@a`. */
  readonly container: string;
  /** The host name; undefined where it got none. */
  readonly host: string | undefined;
  /** The port that its clients are led to. */
  readonly port: number | undefined;
  /** Why this port, or why it got no name; safe to print. */
  readonly because: string;
  /** Whether it has labels of Sealane, which name no port. */
  readonly isLabelled: boolean;
}

/** What became of it, in one line. */
export function exposureInWords({ container, host, port, because }: Exposure): string {
  if (host === undefined) return `${container} gets no name: ${because}`;
  return `${container} is reached as ${host} on its port ${port}, ${because}`;
}

/** Exposures with the same key are the same. */
export function exposureKey(exposure: Exposure): string {
  return `${exposure.containerId}\0${exposureInWords(exposure)}`;
}
