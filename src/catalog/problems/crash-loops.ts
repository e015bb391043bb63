import { plural } from '../../text/plural.ts';
import type { Problem } from '../problem.ts';

/**
 * Finds containers that end again and again. The problem stays between two starts, and until one start has lasted, so
 * that it is one problem and not one for each restart. Pure.
 */
export interface RestartedContainer {
  readonly id: string;
  /** Safe to print. */
  readonly name: string;
  readonly isRunning: boolean;
  /** How often the engine has restarted it since a person did. */
  readonly restarts: number;
  /** Undefined while it runs. */
  readonly exitCode: number | undefined;
}

/** What is remembered of a container that was restarted. */
export interface Crash extends Pick<RestartedContainer, 'restarts' | 'exitCode'> {
  /** When its present run counts as lasting; infinite while it does not run. */
  readonly lastsFromMs: number;
}

/** Fewer restarts may be an accident. */
export const severalRestarts = 2;
/** Docker's pause between two restarts grows up to a minute. */
const lastingMs = 60_000;

export function judgeCrashes(
  previous: ReadonlyMap<string, Crash>,
  restarted: readonly RestartedContainer[],
  nowMs: number,
): {
  readonly crashes: ReadonlyMap<string, Crash>;
  readonly problems: readonly Problem[];
  /** When a problem ends by the passing of time alone. */
  readonly nextDeadlineMs: number | undefined;
} {
  const crashes = new Map<string, Crash>();
  const problems: Problem[] = [];
  let nextDeadlineMs: number | undefined;
  for (const container of restarted) {
    const crash = nextCrash(previous.get(container.id), container, nowMs);
    crashes.set(container.id, crash);
    if (crash.lastsFromMs <= nowMs) continue;
    problems.push(problemOf(container, crash));
    if (crash.lastsFromMs !== Infinity) nextDeadlineMs = Math.min(nextDeadlineMs ?? Infinity, crash.lastsFromMs);
  }
  return { crashes, problems, nextDeadlineMs };
}

function nextCrash(previous: Crash | undefined, container: RestartedContainer, nowMs: number): Crash {
  const { isRunning, restarts, exitCode = previous?.exitCode } = container;
  if (!isRunning) return { restarts, exitCode, lastsFromMs: Infinity };
  // One that runs when it is first seen may have run for days.
  if (!previous) return { restarts, exitCode, lastsFromMs: -Infinity };
  const isSameRun = previous.restarts === restarts && previous.lastsFromMs !== Infinity;
  return { restarts, exitCode, lastsFromMs: isSameRun ? previous.lastsFromMs : nowMs + lastingMs };
}

function problemOf({ id, name, restarts }: RestartedContainer, { exitCode }: Crash): Problem {
  const ended = exitCode === undefined ? '' : `, the last time after exit code ${exitCode}`;
  return {
    code: 'crash-loop',
    subject: name,
    containerId: id,
    message: `it ends again and again: restarted ${plural(restarts, 'time')}${ended}`,
    fix: `See why it ends: docker logs ${name}`,
  };
}
