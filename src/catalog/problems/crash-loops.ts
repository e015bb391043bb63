import { dockerCommand, type EngineTag } from '../container-name.ts';
import { plural } from '../../text/plural.ts';
import type { Problem } from '../problem.ts';

/**
 * Finds containers that end again and again. The problem stays between two starts, and until one start has lasted, so
 * that it is one problem and not one for each restart. Pure.
 */
export interface RestartedContainer extends EngineTag {
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
export interface Crash extends Pick<RestartedContainer, 'id' | 'name' | 'engine' | 'restarts' | 'exitCode'> {
  /** When its present run counts as lasting; infinite while it does not run. */
  readonly lastsFromMs: number;
  /** When a container that is not among the restarted ones is forgotten; undefined for one that is. */
  readonly forgottenFromMs?: number;
}

/** Fewer restarts may be an accident. */
export const severalRestarts = 2;
/** Docker's pause between two restarts grows up to a minute. */
const lastingMs = 60_000;
/** A death has no facts until the next inspect is answered, which tells whether the engine restarts the container. */
const absentMs = 5_000;

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
  }
  for (const [id, crash] of previous) {
    if (crashes.has(id)) continue;
    const { forgottenFromMs = nowMs + absentMs } = crash;
    if (forgottenFromMs > nowMs) crashes.set(id, { ...crash, forgottenFromMs });
  }
  for (const crash of crashes.values()) {
    const endsAtMs = crash.forgottenFromMs ?? crash.lastsFromMs;
    if (crash.lastsFromMs > nowMs) problems.push(problemOf(crash));
    if (endsAtMs > nowMs && endsAtMs !== Infinity) nextDeadlineMs = Math.min(nextDeadlineMs ?? Infinity, endsAtMs);
  }
  return { crashes, problems, nextDeadlineMs };
}

function nextCrash(previous: Crash | undefined, container: RestartedContainer, nowMs: number): Crash {
  const { id, name, engine, isRunning, restarts, exitCode = previous?.exitCode } = container;
  const crash = (lastsFromMs: number): Crash => ({ id, name, engine, restarts, exitCode, lastsFromMs });
  if (!isRunning) return crash(Infinity);
  // One that runs when it is first seen may have run for days.
  if (!previous) return crash(-Infinity);
  const isSameRun = previous.restarts === restarts && previous.lastsFromMs !== Infinity;
  return crash(isSameRun ? previous.lastsFromMs : nowMs + lastingMs);
}

function problemOf({ id, name, engine, restarts, exitCode }: Crash): Problem {
  const ended = exitCode === undefined ? '' : `, the last time after exit code ${exitCode}`;
  return {
    code: 'crash-loop',
    subject: name,
    containerId: id,
    message: `it ends again and again: restarted ${plural(restarts, 'time')}${ended}`,
    fix: `See why it ends: ${dockerCommand('logs', { name, engine })}`,
  };
}
