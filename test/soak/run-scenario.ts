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

/** Runs one scenario under load and reports the results of its clients. */
export interface Outcome {
  readonly name: string;
  readonly title: string;
  /** The number of completed rounds. */
  readonly rounds: number;
  /** The number of new connections, long-lived ones and their successors included. */
  readonly connections: number;
  readonly messages: number;
  readonly failed: readonly Verdict[];
  readonly unavoidable: readonly Verdict[];
  /** The number of long-lived connections that ended with their upstream. */
  readonly moved: number;
  /** The longest wait of a short connection, from its connect to the whole answer. */
  readonly longestWaitMs: number;
  readonly p99WaitMs: number;
  /** The longest wait of a long-lived connection, from a message to its answer. */
  readonly longestMessageMs: number;
  /** The longest time that Sealane held a client and dialed for it. The rest of a wait is due to the replica. */
  readonly longestHeldMs: number;
  /** Sealane's record of the session with the longest wait. */
  readonly longestWait: unknown;
  /** The part of the waits that the load itself may have caused, in milliseconds. */
  readonly slippedMs: number;
  /** Why the scenario was aborted; undefined when it completed. */
  readonly abortReason: string | undefined;
}

export interface RunOptions {
  readonly times: number;
  readonly perSecond: number;
  readonly longLived: number;
  readonly signal: AbortSignal;
  readonly onRound: (done: number) => void;
  /** Receives Sealane's whole log of the scenario. */
  readonly onLog: (lines: readonly LogLine[]) => Promise<void>;
}

const roundDeadlineMs = 90_000;
/** The number of connections to be answered before the first round and after the last. */
const margin = 100;

export async function runScenario(engine: SoakEngine, scenario: Scenario, options: RunOptions): Promise<Outcome> {
  const firstEvent = engine.events.seen.length;
  await using environment = await SoakEnvironment.open(engine);
  const round = await scenario.setUp(environment);
  const open = startOpenLoad(environment.port, options.perSecond);
  const long = startLongLived(environment.port, options.longLived);
  const { rounds, abortReason } = await runRounds(round, open, options);
  await Promise.all([open.stop(), long.stop()]);
  // The last records are written when Sealane stops.
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
    abortReason,
  };
}

async function runRounds(
  round: Round,
  load: OpenLoad,
  { times, signal, onRound }: RunOptions,
): Promise<{ readonly rounds: number; readonly abortReason: string | undefined }> {
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
    return { rounds, abortReason: undefined };
  } catch (error) {
    if (signal.aborted) throw error;
    return { rounds, abortReason: error instanceof Error ? error.message : String(error) };
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
