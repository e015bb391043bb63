import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { delimiter } from 'node:path';
import { createInterface } from 'node:readline';

/** A user in an empty folder, with one Node on the PATH, who types commands; what they see is kept as a transcript. */
export interface User {
  readonly folder: string;
  /** The folder of the program `node`. */
  readonly node: string;
  readonly env: Readonly<Record<string, string>>;
}

export interface Typed extends AsyncDisposable {
  /** Resolves with the first line of either output that matches. */
  line(pattern: RegExp): Promise<string>;
  /** Resolves with the exit code and all lines, once the command has ended. */
  ended: Promise<{ readonly code: number | null; readonly lines: readonly string[] }>;
}

export function type(user: User, program: string, args: readonly string[]): Typed {
  const child = spawn(program, [...args], {
    cwd: user.folder,
    env: { ...process.env, ...user.env, PATH: `${user.node}${delimiter}${process.env['PATH']}` },
    stdio: ['ignore', 'pipe', 'pipe'],
    // The command and all that it starts are one group, which is ended as a whole.
    detached: true,
  });
  const end = (): void => endGroup(child);
  process.once('exit', end);
  process.stdout.write(`$ ${[program, ...args].join(' ')}\n`);
  const lines: string[] = [];
  const watchers = new Set<() => void>();
  for (const input of [child.stdout, child.stderr]) {
    createInterface({ input }).on('line', (line) => {
      lines.push(line);
      process.stdout.write(`  ${line}\n`);
      for (const check of watchers) check();
    });
  }
  const ended = once(child, 'close').then(([code]) => {
    process.off('exit', end);
    return { code: typeof code === 'number' ? code : null, lines };
  });
  return {
    ended,
    async line(pattern) {
      const found = Promise.withResolvers<string>();
      const check = (): void => {
        const line = lines.find((text) => pattern.test(text));
        if (line !== undefined) found.resolve(line);
      };
      watchers.add(check);
      check();
      void ended.then(({ code }) => found.reject(new Error(`it ended (${code}) before a line like ${pattern}`)));
      const late = setTimeout(() => found.reject(new Error(`no line like ${pattern} came in a minute`)), 60_000);
      return found.promise.finally(() => {
        clearTimeout(late);
        watchers.delete(check);
      });
    },
    async [Symbol.asyncDispose]() {
      end();
      await ended;
    },
  };
}

/** As Ctrl-C does: the signal goes to the whole group. */
function endGroup({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGINT');
  } catch {
    // The group is gone.
  }
}
