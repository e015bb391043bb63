import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { dieWithParent } from './die-with-parent.ts';

/**
 * Runs the machine's own servers as processes of a test, which end with it.
 */
export interface Program extends AsyncDisposable {
  /** The program's output so far. */
  readonly printed: string;
}

export interface ProgramOptions {
  /** The user that the program runs as, where it refuses to run as root. */
  readonly uid?: number;
  readonly cwd?: string;
}

/** Starts a program. Resolves when all of `ports` accept connections; rejects with its output if it ends before. */
export async function startProgram(
  command: readonly string[],
  ports: readonly number[],
  options: ProgramOptions = {},
): Promise<Program> {
  const [first, ...before] = dieWithParent;
  const child = spawn(first, [...before, ...command], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin:/sbin`, LC_ALL: 'C' },
    ...(options.cwd !== undefined && { cwd: options.cwd }),
    ...(options.uid !== undefined && { uid: options.uid, gid: options.uid }),
  });
  let printed = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (printed += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (printed += text));
  const ended = once(child, 'close').then(([code]) => {
    throw new Error(`${command.join(' ')} ended (${String(code)}): ${printed}`);
  });
  ended.catch(() => {});
  const program: Program = {
    get printed() {
      return printed;
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await ended.catch(() => {});
    },
  };
  await Promise.race([Promise.all(ports.map(accepting)), ended]);
  return program;
}

async function accepting(port: number): Promise<void> {
  for (;;) {
    const socket = connect(port, '127.0.0.1');
    const accepted = await once(socket, 'connect').then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (accepted) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
