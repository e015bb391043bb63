import type { Clock } from '../../time/clock.ts';
import type { ResourceWarning } from './report.ts';

/**
 * Passes each resource warning on now and then, however often it is raised: a lack of some resource is met with every
 * client.
 */
export class ResourceWarnings {
  readonly #clock: Clock;
  readonly #intervalMs: number;
  readonly #tell: (warning: ResourceWarning) => void;
  readonly #toldAtMs = new Map<string, number>();

  /** `tell` is called at most once in `intervalMs` for each kind and code. */
  constructor(clock: Clock, intervalMs: number, tell: (warning: ResourceWarning) => void) {
    this.#clock = clock;
    this.#intervalMs = intervalMs;
    this.#tell = tell;
  }

  add(warning: ResourceWarning): void {
    const nowMs = this.#clock.nowMs();
    const what = `${warning.kind} ${warning.code}`;
    if (nowMs - (this.#toldAtMs.get(what) ?? -Infinity) < this.#intervalMs) return;
    this.#toldAtMs.set(what, nowMs);
    this.#tell(warning);
  }
}

const consequences: Readonly<Record<ResourceWarning['kind'], string>> = {
  'accept-failed': 'not all clients are accepted',
  'dial-impossible': 'clients have to wait, or go to another upstream',
};

/** The warning for the log: its consequence and its cause. */
export function sentenceOf({ kind, message }: ResourceWarning): string {
  return `${consequences[kind]}: ${message}`;
}
