import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { runSealane } from './sealane.ts';
import type { Answer, Question } from './ask-thread.ts';

/**
 * Runs a command of Sealane that asks, prints and ends, as `runSealane` does, but in a thread of this process in which
 * the built program was loaded before. It takes a tenth of the processor time of a process. What is particular to a
 * process, such as its user, its standard input and its signals, needs `runSealane`.
 */
export async function askSealane(args: readonly string[], environment: NodeJS.ProcessEnv = {}): Promise<Answer> {
  if (process.env['SEALANE_COMMAND'] !== undefined) return runSealane(args, environment);
  // One command at a time: all of them write to the standard output of the thread.
  const answer = last.then(() => askThread({ args, environment }));
  last = answer.catch(() => {});
  return answer;
}

let last: Promise<unknown> = Promise.resolve();
let thread: Worker | undefined;
let ended: Promise<never>;

async function askThread(question: Question): Promise<Answer> {
  const asked = (thread ??= startThread());
  asked.postMessage(question);
  const [answer] = (await Promise.race([once(asked, 'message'), ended])) as [Answer];
  return answer;
}

/** A thread that does not keep this process alive. */
function startThread(): Worker {
  const started = new Worker(new URL('./ask-thread.ts', import.meta.url), { env: process.env });
  ended = once(started, 'exit').then(([code]) => {
    thread = undefined;
    throw new Error(`the thread of the commands ended with ${code}`);
  });
  ended.catch(() => {});
  started.unref();
  return started;
}
