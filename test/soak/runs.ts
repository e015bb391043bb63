import type { ContainerEvent } from '../support/engine/events.ts';

/**
 * Derives the runs of containers from the engine's events: from the start to the death, with the time of the stop
 * signal in between.
 */
export interface Run {
  readonly startedAtMs: number;
  /** When the container was sent SIGTERM or SIGKILL. Infinity: never, as below. */
  readonly stopAskedAtMs: number;
  readonly diedAtMs: number;
  /** When the event of the stop signal or of the death, whichever came first, reached this program. */
  readonly heardOfEndAtMs: number;
}

const neverEnded = { stopAskedAtMs: Infinity, diedAtMs: Infinity, heardOfEndAtMs: Infinity };
const stopSignals: ReadonlySet<number | undefined> = new Set([9, 15]);

/** The run of a container (by a prefix of its id) at a time: the last run that started before it. */
export function runAt(events: readonly ContainerEvent[], id: string, atMs: number): Run {
  // A container that ran before the first event counts as having always run.
  let run: Run = { ...neverEnded, startedAtMs: -Infinity };
  for (const event of events) {
    if (!event.id.startsWith(id)) continue;
    if (event.action === 'start') {
      if (event.atMs > atMs) break;
      run = { ...neverEnded, startedAtMs: event.atMs };
    } else if (event.action === 'die') {
      run = { ...heardOf(run, event), diedAtMs: Math.min(run.diedAtMs, event.atMs) };
    } else if (event.action === 'kill' && stopSignals.has(event.signal)) {
      run = { ...heardOf(run, event), stopAskedAtMs: Math.min(run.stopAskedAtMs, event.atMs) };
    }
  }
  return run;
}

function heardOf(run: Run, { heardAtMs }: ContainerEvent): Run {
  return { ...run, heardOfEndAtMs: Math.min(run.heardOfEndAtMs, heardAtMs) };
}
