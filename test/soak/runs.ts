import type { ContainerEvent } from '../support/engine/events.ts';

/**
 * The runs of containers, by the engine's own account: from a start to the death, and when in between it was told to
 * stop.
 */
export interface Run {
  readonly startedAtMs: number;
  /** It was sent SIGTERM or SIGKILL. Infinity: never, as below. */
  readonly stopAskedAtMs: number;
  readonly diedAtMs: number;
  /** When a bystander had heard of the first of both. */
  readonly heardOfEndAtMs: number;
}

const untroubled = { stopAskedAtMs: Infinity, diedAtMs: Infinity, heardOfEndAtMs: Infinity };
const stopSignals: ReadonlySet<number | undefined> = new Set([9, 15]);

/** The run of a container (by its id's beginning) that a moment belongs to: the last to have begun before. */
export function runAt(events: readonly ContainerEvent[], id: string, atMs: number): Run {
  // One that ran before the first event is taken to have always run.
  let run: Run = { ...untroubled, startedAtMs: -Infinity };
  for (const event of events) {
    if (!event.id.startsWith(id)) continue;
    if (event.action === 'start') {
      if (event.atMs > atMs) break;
      run = { ...untroubled, startedAtMs: event.atMs };
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
