import { spawn } from 'node:child_process';
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { delimiter, join } from 'node:path';

/**
 * Runs the machine's own programs (ip, iptables, apt-get …). Output is collected, never shown; a failure says which
 * program failed and what it said last.
 */
export interface CommandOptions {
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** After so long the program is killed and the call fails. Milliseconds. */
  readonly timeoutMs?: number;
}

/** Standard output of `program`; rejects when it cannot be started or ends with a code other than 0. */
export async function run(program: string, args: readonly string[], options: CommandOptions = {}): Promise<string> {
  const child = spawn(program, [...args], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, PATH: searchPath(), LC_ALL: 'C', ...options.env },
    timeout: options.timeoutMs ?? 30_000,
    killSignal: 'SIGKILL',
    // A session of its own: Ctrl-C in the terminal must not cut off dpkg or iptables half-way.
    detached: true,
  });
  let out = '';
  let err = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
  // A program that ends before it has read its input is judged by its exit code, not by our EPIPE.
  child.stdin.on('error', () => {});
  child.stdin.end(options.input ?? '');
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      if (code === 0) resolve(out);
      else reject(new Error(`${[program, ...args].join(' ')} failed (${signal ?? code}): ${lastLine(err || out)}`));
    });
  });
}

/** Where `program` is, or undefined. */
export async function which(program: string): Promise<string | undefined> {
  for (const folder of searchPath().split(delimiter)) {
    const path = join(folder, program);
    const executable = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (executable) return path;
  }
  return undefined;
}

/** A shell that is not a login shell may lack the system folders, where ip, iptables and dockerd live. */
function searchPath(): string {
  return `${process.env['PATH'] ?? ''}${delimiter}/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin`;
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? '';
}
