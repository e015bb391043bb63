import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { untilEnded } from '../../../dev/engine/processes.ts';
import { dieWithParent } from '../programs/die-with-parent.ts';
import { sealaneCommand } from '../sealane/sealane.ts';

/**
 * Runs `sealane swap` as its users do.
 */
export interface SwapCommand extends AsyncDisposable {
  readonly process: ChildProcess;
  readonly lines: readonly string[];
  /** Resolves with the first line, past or future, that matches. */
  line(pattern: RegExp): Promise<string>;
  /** Sends the signal, and resolves with the exit code, or the signal that ended it. */
  end(signal: NodeJS.Signals): Promise<number | string | null>;
  readonly exited: Promise<number | string | null>;
}

export function startSwap(...args: readonly string[]): SwapCommand {
  const [program, ...before] = dieWithParent;
  const child = spawn(program, [...before, ...sealaneCommand, 'swap', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const lines: string[] = [];
  const checks = new Set<() => void>();
  for (const input of [child.stdout, child.stderr]) {
    createInterface({ input }).on('line', (line) => {
      lines.push(line);
      for (const check of checks) check();
    });
  }
  // The output ends with the last process that has it, which may outlive the command.
  const exited = once(child, 'exit').then(([code, signal]) => (code ?? signal) as number | string | null);
  return {
    process: child,
    lines,
    exited,
    async line(pattern) {
      const found = Promise.withResolvers<string>();
      const check = (): void => {
        const line = lines.find((one) => pattern.test(one));
        if (line !== undefined) found.resolve(line);
      };
      checks.add(check);
      check();
      void exited.then((end) => found.reject(new Error(`swap ended (${end}) before ${pattern}: ${lines.join('\n')}`)));
      return found.promise.finally(() => checks.delete(check));
    },
    async end(signal) {
      child.kill(signal);
      return exited;
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await exited;
    },
  };
}

/** The command of a `whoami` that prints its process id, and listens on the port that it is given. */
export function namedWhoami(name: string): readonly string[] {
  const script = `echo "pid $$"; WHOAMI_NAME=${name} exec ${sealaneCommand.join(' ')} whoami --port "$PORT"`;
  return ['sh', '-c', script];
}

/** Ends the process that outlived its command. Resolves once its sockets are closed. */
export async function endOrphan(command: SwapCommand): Promise<void> {
  const pid = Number((await command.line(/^pid \d+$/)).slice(4));
  process.kill(pid, 'SIGKILL');
  await untilEnded(pid);
}
