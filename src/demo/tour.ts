import { setTimeout as delay } from 'node:timers/promises';
import { openDockerStage } from './docker-stage.ts';
import { acquireEngine, type AcquiredEngine } from './engine/acquire.ts';
import { projectRoot } from './engine/sealane-image.ts';
import { startLoad, whoAnswers, type Load } from './load.ts';
import { openLocalStage } from './local-stage.ts';
import { createNarrator, type Narrator } from './narrator.ts';
import { failedIn, phaseLines, totalLine, type PhaseTally } from './report.ts';
import type { Stage } from './stage.ts';

/**
 * `sealane demo`: the main job in one tour. Replicas come and go behind one port while clients keep connecting; it
 * succeeds only if no connection failed after the first replica was ready. Leaves nothing behind.
 */
export interface DemoOptions {
  /** Whether a private engine may be installed and started where no engine answers. */
  readonly privateEngine: boolean;
  readonly stdout: { write(text: string): unknown };
}

/** How long the load runs on once a phase's change is complete. */
const observeMs = 2500;
const readyTimeoutMs = 30_000;

/** Resolves with the exit code: 0, 1 when a connection failed or the tour broke, 130 after Ctrl-C. */
export async function runDemo({ privateEngine, stdout }: DemoOptions): Promise<number> {
  const narrator = createNarrator(stdout);
  const interrupted = new AbortController();
  const interrupt = (): void => {
    narrator.say('stopping: removing what was started');
    interrupted.abort(new Error('interrupted'));
  };
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  const undo: (() => Promise<void>)[] = [];
  try {
    const stage = await openStage({ privateEngine, narrator, signal: interrupted.signal, undo });
    const tallies = await tour(stage, narrator, interrupted.signal);
    narrator.say(`\n${totalLine(tallies)}`);
    return tallies.every((tally) => tally.made > 0 && failedIn(tally) === 0) ? 0 : 1;
  } catch (error) {
    if (interrupted.signal.aborted) return 130;
    narrator.say(`the tour broke off: ${error instanceof Error ? error.message : String(error)}`);
    return 1;
  } finally {
    await narrator.step('removing what was started', async () => {
      for (const step of undo.toReversed()) await step().catch(() => {});
    });
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
  }
}

interface Backstage {
  readonly privateEngine: boolean;
  readonly narrator: Narrator;
  readonly signal: AbortSignal;
  readonly undo: (() => Promise<void>)[];
}

async function openStage(backstage: Backstage): Promise<Stage> {
  const { narrator, signal, undo } = backstage;
  const ground = await findGround(backstage);
  if (ground.kind === 'processes') {
    narrator.say(`No containers: ${ground.reason}.`);
    narrator.say('The same tour on local processes instead, with static services from a file, rewritten to scale.');
  } else undo.push(() => ground.engine.release());
  const stage =
    ground.kind === 'processes' ? await openLocalStage(signal) : await openDockerStage({ ...ground, narrator, signal });
  undo.push(() => stage.close());
  return stage;
}

type Ground =
  | { readonly kind: 'containers'; readonly engine: AcquiredEngine; readonly root: string }
  | { readonly kind: 'processes'; readonly reason: string };

async function findGround({ privateEngine, narrator, signal }: Backstage): Promise<Ground> {
  const root = projectRoot();
  if (root === undefined) return { kind: 'processes', reason: 'this installation holds no Dockerfile' };
  try {
    const engine = await narrator.step('getting a Docker engine', (detail) =>
      acquireEngine({ allowPrivate: privateEngine, onProgress: detail, signal }),
    );
    return { kind: 'containers', engine, root };
  } catch (error) {
    signal.throwIfAborted();
    return { kind: 'processes', reason: error instanceof Error ? error.message : String(error) };
  }
}

async function tour(stage: Stage, narrator: Narrator, signal: AbortSignal): Promise<PhaseTally[]> {
  await narrator.step('starting the first labelled replica', async () => {
    await stage.add(1);
    await untilAnswered(stage, signal);
  });
  narrator.say(`Ready: http://${stage.host}:${stage.port} answers. From here on no connection may fail.`);
  const load = startLoad(stage);
  const tallies: PhaseTally[] = [];
  const phase = async (title: string, change: () => Promise<void>): Promise<void> => {
    narrator.say(`\n${title}`);
    await narrator.step('connecting 100 times a second', async () => {
      await change();
      await untilAllAnswer(load, stage, signal);
      await delay(observeMs, undefined, { signal });
    });
    const tally = await load.nextPhase();
    tallies.push(tally);
    for (const line of phaseLines(tally)) narrator.say(line);
  };
  try {
    await phase('One replica', async () => {});
    await phase('Scale up to four', () => stage.add(3));
    await phase('Scale down to two', () => stage.remove(2));
    await phase(stage.stopTitle, () => stage.stopOne());
  } finally {
    load.stop();
  }
  tallies.push(await load.nextPhase());
  return tallies.filter((tally) => tally.made > 0);
}

/** Asks until the first replica answers: only then has anything been promised. */
async function untilAnswered(stage: Stage, signal: AbortSignal): Promise<void> {
  const deadlineMs = performance.now() + readyTimeoutMs;
  for (;;) {
    const answer = await whoAnswers(stage).catch((error: Error) => error);
    signal.throwIfAborted();
    if (typeof answer === 'string') return;
    if (performance.now() > deadlineMs) throw new Error(`no replica answered: ${answer.message}`);
    await delay(25, undefined, { signal });
  }
}

async function untilAllAnswer(load: Load, stage: Stage, signal: AbortSignal): Promise<void> {
  const deadlineMs = performance.now() + readyTimeoutMs;
  for (;;) {
    const answered = load.answeredBy();
    const silent = stage.replicas().filter((name) => !answered.has(name));
    if (silent.length === 0) return;
    if (performance.now() > deadlineMs) throw new Error(`no connection reached ${silent.join(', ')}`);
    await delay(25, undefined, { signal });
  }
}
