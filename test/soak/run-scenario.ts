import { setTimeout } from 'node:timers/promises';
import type { LogLine } from '../support/sealane/sealane.ts';
import type { SoakEngine } from './engine.ts';
import { startLongLived } from './long-lived.ts';
import { startOpenLoad, type OpenLoad } from './open-load.ts';
import { quantile } from './quantile.ts';
import type { Round, Scenario } from './scenarios.ts';
import { findSession, sessionsOf } from './session.ts';
import { SoakEnvironment } from './environment.ts';
import { judge, type Verdict } from './verdict.ts';

/** Plays one scenario under load and says how its clients fared. */
export interface Outcome {
  readonly name: string;
  readonly title: string;
  /** Rounds that were played to their end. */
  readonly rounds: number;
  /** New connections, long-lived ones and their successors included. */
  readonly connections: number;
  readonly messages: number;
  readonly failed: readonly Verdict[];
  readonly unavoidable: readonly Verdict[];
  /** Long-lived connections that ended with their upstream. */
  readonly moved: number;
  /** Of the short connections, from connect to the whole answer. */
  readonly longestWaitMs: number;
  readonly p99WaitMs: number;
  /** Of the long-lived ones, from a message to its answer. */
  readonly longestMessageMs: number;
  /** Longest time that Sealane held a client and dialed for it; the rest of a wait is the replica's. */
  readonly longestHeldMs: number;
  /** Where the longest wait was spent: Sealane's record of that session. */
  readonly longestWait: unknown;
  /** What of the waits may be the load's own. */
  readonly slippedMs: number;
  /** Why it was not played to its end. */
  readonly trouble: string | undefined;
}

export interface PlayOptions {
  readonly times: number;
  readonly perSecond: number;
  readonly longLived: number;
  readonly signal: AbortSignal;
  readonly onRound: (done: number) => void;
  /** Gets all that Sealane said in the scenario. */
  readonly onLog: (lines: readonly LogLine[]) => Promise<void>;
}

const roundDeadlineMs = 90_000;
/** Clients are there before the first round, and a while after the last. */
const margin = 100;

export async function play(engine: SoakEngine, scenario: Scenario, options: PlayOptions): Promise<Outcome> {
  const firstEvent = engine.events.seen.length;
  await using environment = await SoakEnvironment.open(engine);
  const round = await scenario.setUp(environment);
  const open = startOpenLoad(environment.port, options.perSecond);
  const long = startLongLived(environment.port, options.longLived);
  const { rounds, trouble } = await playRounds(round, open, options);
  await Promise.all([open.stop(), long.stop()]);
  // Its last words are the last records.
  await environment.sealane.stop();
  await options.onLog(environment.sealane.lines);
  const sessions = sessionsOf(environment.sealane.lines);
  const verdicts = judge([...open.failures, ...long.failures], sessions, engine.events.seen.slice(firstEvent));
  const of = (kind: Verdict['kind']): Verdict[] => verdicts.filter((verdict) => verdict.kind === kind);
  return {
    name: scenario.name,
    title: scenario.title,
    rounds,
    connections: open.made + long.reconnects + options.longLived,
    messages: long.messages,
    failed: of('failed'),
    unavoidable: of('unavoidable'),
    moved: long.reconnects,
    longestWaitMs: quantile(open.waitsMs, 1),
    p99WaitMs: quantile(open.waitsMs, 0.99),
    longestHeldMs: sessions.reduce((most, { heldMs, dialMs }) => Math.max(most, heldMs + dialMs), 0),
    longestWait: open.slowest && findSession(sessions)(open.slowest),
    longestMessageMs: long.longestMs,
    slippedMs: open.slippedMs,
    trouble,
  };
}

async function playRounds(
  round: Round,
  load: OpenLoad,
  { times, signal, onRound }: PlayOptions,
): Promise<{ readonly rounds: number; readonly trouble: string | undefined }> {
  let rounds = 0;
  try {
    await within(load.answered(margin), signal);
    while (rounds < times) {
      await within(round(rounds, load), signal);
      await within(load.caughtUp(), signal);
      rounds += 1;
      onRound(rounds);
    }
    await within(load.answered(margin), signal);
    return { rounds, trouble: undefined };
  } catch (error) {
    if (signal.aborted) throw error;
    return { rounds, trouble: error instanceof Error ? error.message : String(error) };
  }
}

async function within(what: Promise<unknown>, signal: AbortSignal): Promise<void> {
  const ending = new AbortController();
  const deadline = setTimeout(roundDeadlineMs, undefined, { signal: AbortSignal.any([signal, ending.signal]) }).then(
    () => {
      throw new Error(`not over after ${roundDeadlineMs / 1_000} s`);
    },
  );
  try {
    await Promise.race([what, deadline]);
  } finally {
    ending.abort();
    await deadline.catch(() => undefined);
  }
}
