import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { ConfigError } from '../../config/config-error.ts';
import { quoted } from '../../text/printable.ts';

/**
 * Runs the process of `sealane swap … -- COMMAND`. It shares the terminal with this command, so that its output is shown
 * as it is and Ctrl-C reaches it from the terminal.
 */
export interface Child {
  /** Resolves with the exit code, as shells report it: 128 and the signal's number after a signal. */
  readonly exited: Promise<number>;
  /** Aborts at the end of the process. */
  readonly ended: AbortSignal;
  kill(signal: NodeJS.Signals): void;
}

/** @throws ConfigError where there is no such program */
export async function startChild(
  [program, ...args]: readonly [string, ...string[]],
  environment: NodeJS.ProcessEnv,
): Promise<Child> {
  const child = spawn(program, args, { stdio: 'inherit', env: environment });
  const ending = new AbortController();
  const exited = new Promise<number>((resolve) => {
    child.once('exit', (code, signal) => {
      ending.abort();
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
    });
  });
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', (error: NodeJS.ErrnoException) => {
      const why = error.code === 'ENOENT' ? 'there is no such program' : error.message;
      reject(new ConfigError(`can't start ${quoted(program)}: ${why}`, { cause: error }));
    });
  });
  return { exited, ended: ending.signal, kill: (signal) => void child.kill(signal) };
}
