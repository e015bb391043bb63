import type { Clock } from '../../time/clock.ts';
import type { Trouble } from './report.ts';

/** Passes each trouble on now and then, however often it is met: who is short of something meets it with every client. */
export class Troubles {
  readonly #clock: Clock;
  readonly #intervalMs: number;
  readonly #tell: (trouble: Trouble) => void;
  readonly #toldAtMs = new Map<string, number>();

  /** `tell` is called once in `intervalMs` for each kind and code. */
  constructor(clock: Clock, intervalMs: number, tell: (trouble: Trouble) => void) {
    this.#clock = clock;
    this.#intervalMs = intervalMs;
    this.#tell = tell;
  }

  add(trouble: Trouble): void {
    const nowMs = this.#clock.nowMs();
    const what = `${trouble.kind} ${trouble.code}`;
    if (nowMs - (this.#toldAtMs.get(what) ?? -Infinity) < this.#intervalMs) return;
    this.#toldAtMs.set(what, nowMs);
    this.#tell(trouble);
  }
}

const consequences: Readonly<Record<Trouble['kind'], string>> = {
  'accept-failed': 'clients are rejected',
  'dial-impossible': 'clients have to wait, or go to another upstream',
};

/** For the log: what follows from it, and why. */
export function sentenceOf({ kind, message }: Trouble): string {
  return `${consequences[kind]}: ${message}`;
}
