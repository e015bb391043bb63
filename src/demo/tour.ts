import { setTimeout as delay } from 'node:timers/promises';
import { openDockerEnvironment } from './docker-environment.ts';
import type { Environment, EnvironmentSpec } from './environment.ts';
import { startLoad, whoAnswers, type Load } from './load.ts';
import { openLocalEnvironment } from './local-environment.ts';
import { createOutput, type Output } from './output.ts';
import { failedIn, phaseLines, totalLine, type PhaseTally } from './report.ts';
import { messageOf } from '../text/message-of.ts';

/**
 * `sealane demo`: a tour of Sealane's main job. Replicas start and stop behind one port while clients keep connecting.
 * The tour succeeds only if no connection fails after the first replica is ready, and leaves nothing behind.
 */
export interface DemoOptions {
  /**
   * Prepares where the tour runs. It adds to `undo` the steps that remove what it prepared; they always run, in reverse
   * order.
   */
  readonly prepare: (preparation: Preparation) => Promise<EnvironmentSpec>;
  readonly stdout: { write(text: string): unknown };
}

export interface Preparation {
  readonly output: Output;
  /** Aborts when the user interrupts the tour. */
  readonly signal: AbortSignal;
  readonly undo: (() => Promise<unknown>)[];
}

/** How long the load continues after the change of a phase is complete. */
const observeMs = 2500;
const readyTimeoutMs = 30_000;
/** The signals after which the tour removes what it started; SIGHUP comes when its terminal is closed. */
const interruptions = ['SIGINT', 'SIGTERM', 'SIGQUIT', 'SIGHUP'] as const;

/** Resolves with the exit code: 0; 1 when a connection or the tour itself failed; 130 after Ctrl-C. */
export async function runDemo({ prepare, stdout }: DemoOptions): Promise<number> {
  const output = createOutput(stdout);
  const interrupted = new AbortController();
  const { signal } = interrupted;
  const interrupt = (): void => {
    output.print('stopping: removing what was started');
    interrupted.abort(new Error('interrupted'));
  };
  for (const name of interruptions) process.once(name, interrupt);
  const undo: (() => Promise<unknown>)[] = [];
  try {
    const spec = await prepare({ output, signal, undo });
    const environment = await openEnvironment(spec, output, signal);
    undo.push(() => environment.close());
    const tallies = await tour(environment, output, signal);
    output.print(`\n${totalLine(tallies)}`);
    return tallies.every((tally) => tally.made > 0 && failedIn(tally) === 0) ? 0 : 1;
  } catch (error) {
    if (signal.aborted) return 130;
    output.print(`the tour failed: ${messageOf(error)}`);
    return 1;
  } finally {
    await output.step('removing what was started', async () => {
      for (const step of undo.toReversed()) await step().catch(() => {});
    });
    for (const name of interruptions) process.off(name, interrupt);
  }
}

async function openEnvironment(spec: EnvironmentSpec, output: Output, signal: AbortSignal): Promise<Environment> {
  if (spec.kind === 'engine') return openDockerEnvironment(spec, output, signal);
  output.print(`No containers: ${spec.reason}.`);
  output.print('The same tour on local processes instead, with static services from a file, rewritten to scale.');
  return openLocalEnvironment(spec, signal);
}

async function tour(environment: Environment, output: Output, signal: AbortSignal): Promise<PhaseTally[]> {
  await output.step('starting the first labelled replica', async () => {
    await environment.add(1);
    await untilAnswered(environment, signal);
  });
  output.print(`Ready: http://${environment.host}:${environment.port} answers. From here on no connection may fail.`);
  const load = startLoad(environment);
  const tallies: PhaseTally[] = [];
  const phase = async (title: string, change: () => Promise<void>): Promise<void> => {
    output.print(`\n${title}`);
    await output.step('connecting 100 times a second', async () => {
      await change();
      await untilAllAnswer(load, environment, signal);
      await delay(observeMs, undefined, { signal });
    });
    const tally = await load.nextPhase();
    tallies.push(tally);
    for (const line of phaseLines(tally)) output.print(line);
  };
  try {
    await phase('One replica', async () => {});
    await phase('Scale up to four', () => environment.add(3));
    await phase('Scale down to two', () => environment.remove(2));
    await phase(environment.stopTitle, () => environment.stopOne());
  } finally {
    load.stop();
  }
  tallies.push(await load.nextPhase());
  return tallies.filter((tally) => tally.made > 0);
}

/** Waits until the first replica answers: connections before that may fail. */
async function untilAnswered(environment: Environment, signal: AbortSignal): Promise<void> {
  const deadlineMs = performance.now() + readyTimeoutMs;
  for (;;) {
    const answer = await whoAnswers(environment).catch((error: Error) => error);
    signal.throwIfAborted();
    if (typeof answer === 'string') return;
    if (performance.now() > deadlineMs) throw new Error(`no replica answered: ${answer.message}`);
    await delay(25, undefined, { signal });
  }
}

async function untilAllAnswer(load: Load, environment: Environment, signal: AbortSignal): Promise<void> {
  const deadlineMs = performance.now() + readyTimeoutMs;
  for (;;) {
    const answered = load.answeredBy();
    const silent = environment.replicas().filter((name) => !answered.has(name));
    if (silent.length === 0) return;
    if (performance.now() > deadlineMs) throw new Error(`no connection reached ${silent.join(', ')}`);
    await delay(25, undefined, { signal });
  }
}
