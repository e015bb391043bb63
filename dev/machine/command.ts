import { spawn } from 'node:child_process';
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { delimiter, resolve as absolute } from 'node:path';

/**
 * Runs the machine's programs (ip, iptables, apt-get …). Their output is collected, not shown. The error of a failure
 * names the program and quotes the last line of its output; its cause is the whole output.
 */
export interface CommandOptions {
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** The time in milliseconds after which the program is killed and the call fails. Default: 30 s. */
  readonly timeoutMs?: number;
}

/**
 * Resolves with the standard output of `program`. Rejects when it cannot be started or ends with a code other than 0.
 */
export async function run(program: string, args: readonly string[], options: CommandOptions = {}): Promise<string> {
  const child = spawn(program, [...args], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, PATH: searchPath(), LC_ALL: 'C', ...options.env },
    timeout: options.timeoutMs ?? 30_000,
    killSignal: 'SIGKILL',
    // The program gets its own session: Ctrl-C in the terminal must not interrupt dpkg or iptables half-way.
    detached: true,
  });
  let out = '';
  let err = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
  // A program may end before it has read its input: its exit code counts, not the EPIPE of this write.
  child.stdin.on('error', () => {});
  child.stdin.end(options.input ?? '');
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      if (code === 0) resolve(out);
      else {
        const told = `${[program, ...args].join(' ')} failed (${signal ?? code}): ${lastLine(err || out)}`;
        reject(new Error(told, { cause: err || out }));
      }
    });
  });
}

/** The path of `program`, which may be a path itself; undefined where it is not installed. */
export async function which(program: string): Promise<string | undefined> {
  for (const folder of searchPath().split(delimiter)) {
    const path = absolute(folder, program);
    const executable = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (executable) return path;
  }
  return undefined;
}

/** The PATH with the system folders of ip, iptables and dockerd, which it may lack outside of login shells. */
function searchPath(): string {
  return `${process.env['PATH'] ?? ''}${delimiter}/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin`;
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? '';
}
