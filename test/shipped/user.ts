import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { delimiter } from 'node:path';
import { createInterface } from 'node:readline';

/** A user who types commands in an empty folder. */
export interface User {
  readonly folder: string;
  /** Searched for programs before the machine's own PATH: the folder of a Node, or that of Sealane's executable. */
  readonly programs: string | undefined;
  readonly env: Readonly<Record<string, string>>;
  /** What the user sees, line by line. */
  readonly sees: (line: string) => void;
}

export interface Typed extends AsyncDisposable {
  /** Resolves with the first line of either output that matches. */
  line(pattern: RegExp): Promise<string>;
  /** Resolves with the exit code and all lines, once the command has ended. */
  ended: Promise<{ readonly code: number | null; readonly lines: readonly string[] }>;
}

export function type(user: User, [program = '', ...args]: readonly string[]): Typed {
  const path = [user.programs, process.env['PATH']].filter((folders) => folders !== undefined).join(delimiter);
  const child = spawn(program, args, {
    cwd: user.folder,
    env: { ...process.env, ...user.env, PATH: path },
    stdio: ['ignore', 'pipe', 'pipe'],
    // The command and all that it starts are one group, which is ended as a whole.
    detached: true,
  });
  const end = (): void => endGroup(child);
  process.once('exit', end);
  user.sees(`$ ${[program, ...args].map((word) => (/[ ;>]/.test(word) ? `'${word}'` : word)).join(' ')}`);
  const lines: string[] = [];
  const watchers = new Set<() => void>();
  for (const input of [child.stdout, child.stderr]) {
    createInterface({ input }).on('line', (line) => {
      lines.push(line);
      user.sees(line);
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
