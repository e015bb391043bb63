import { readdirSync } from 'node:fs';
import { Writable } from 'node:stream';
import { parentPort } from 'node:worker_threads';

/**
 * The thread of `askSealane`: loads the built program once, and runs a command for each message.
 */
export interface Question {
  readonly args: readonly string[];
  readonly environment: NodeJS.ProcessEnv;
}

export interface Answer {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const chunks = new URL('../../../dist/chunks/', import.meta.url);
const name = readdirSync(chunks).find((file) => /^execute-.*\.js$/.test(file));
const { execute } = (await import(new URL(name ?? 'execute.js', chunks).href)) as {
  readonly execute: (args: readonly string[]) => Promise<void>;
};
const outside = { ...process.env };

parentPort?.on('message', ({ args, environment }: Question) => {
  void answerOf(args, environment).then((answer) => parentPort?.postMessage(answer));
});

async function answerOf(args: readonly string[], environment: NodeJS.ProcessEnv): Promise<Answer> {
  process.env = { ...outside, ...environment };
  process.exitCode = 0;
  const [stdout, stderr] = [collect(process.stdout), collect(process.stderr)];
  await execute(args);
  // A process ends with its listeners for signals.
  for (const event of process.eventNames()) if (String(event).startsWith('SIG')) process.removeAllListeners(event);
  return { code: process.exitCode, stdout: stdout(), stderr: stderr() };
}

/** Collects what is written to a stream from now on, until the result is called, which returns it. */
function collect(stream: NodeJS.WriteStream): () => string {
  const texts: string[] = [];
  const collector = new Writable({
    decodeStrings: true,
    write: (chunk: Buffer, _encoding, written) => {
      texts.push(chunk.toString());
      written();
    },
  });
  stream.write = collector.write.bind(collector);
  return () => {
    Reflect.deleteProperty(stream, 'write');
    stream.removeAllListeners('error');
    return texts.join('');
  };
}
