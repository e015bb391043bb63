import { inject } from 'vitest';

/**
 * The engine that the tests of a project run on.
 */
export interface TestedEngine {
  readonly name: 'Docker' | 'Podman';
  readonly host: string;
  /** Where programs on the engine's host are reached. */
  readonly address: string;
  /** The command that runs another one in the network namespace of the engine's host. */
  readonly inside: readonly string[];
}

declare module 'vitest' {
  export interface ProvidedContext {
    readonly engine: TestedEngine;
  }
}

/** What the engines do differently. The lifecycle suite asserts each on every engine; docs/engines.md says what follows. */
interface Differences {
  /** Its events tell which signal a container was sent, so that a drain can begin then, and not at the death. */
  readonly tellsOfSignals: boolean;
  /** It runs health checks by itself. Podman leaves that to timers of systemd, which there may not be. */
  readonly checksHealth: boolean;
  /** It gives a free address to the next container at once; else only a container that asks for it has it. */
  readonly reusesAddresses: boolean;
  /** It changes the limits of a running container. Podman 4.3 has no such call. */
  readonly updatesLimits: boolean;
}

const differences: Readonly<Record<TestedEngine['name'], Differences>> = {
  Docker: { tellsOfSignals: true, checksHealth: true, reusesAddresses: true, updatesLimits: true },
  Podman: { tellsOfSignals: false, checksHealth: false, reusesAddresses: false, updatesLimits: false },
};

export function engineDifferences(): Differences {
  return differences[testedEngine().name];
}

export function testedEngine(): TestedEngine {
  return inject('engine');
}
