import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createConnection } from 'node:net';

/**
 * Child processes of the benchmark: started, measured through proc(5), ended with certainty.
 */
export interface Running extends AsyncDisposable {
  readonly pid: number;
  readonly child: ChildProcess;
}

export function start(
  program: string,
  args: readonly string[],
  options: { readonly env?: NodeJS.ProcessEnv; readonly stdio?: StdioOptions } = {},
): Running {
  const child = spawn(program, [...args], {
    env: options.env ?? process.env,
    stdio: options.stdio ?? ['ignore', 'ignore', 'pipe'],
  });
  let complaint = '';
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => (complaint = (complaint + chunk).slice(-2_000)));
  const gone = once(child, 'close').catch(() => undefined);
  child.once('error', (error) => process.stderr.write(`${program}: ${error.message}\n`));
  child.once('exit', (code) => {
    if (code !== null && code !== 0) process.stderr.write(`${program} ended with code ${code}: ${complaint}\n`);
  });
  return {
    pid: child.pid ?? 0,
    child,
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
      await gone;
    },
  };
}

/** What a program that ends by itself printed. @throws when it fails */
export async function output(program: string, args: readonly string[]): Promise<string> {
  const child = spawn(program, [...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  let complaint = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (complaint += chunk));
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`${program} ${args.join(' ')} ended with code ${String(code)}: ${complaint}${text}`);
  return text;
}

/** User and system time of all its threads, in milliseconds; clock ticks of 10 ms (proc_pid_stat(5)). */
export function cpuMs(pid: number): number {
  return cpuMsIn(`/proc/${pid}/stat`);
}

/** The same of its threads that have this name, together. */
export function threadCpuMs(pid: number, name: string): number {
  let sumMs = 0;
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    const folder = `/proc/${pid}/task/${thread}`;
    if (readFileSync(`${folder}/comm`, 'latin1').trim() === name) sumMs += cpuMsIn(`${folder}/stat`);
  }
  return sumMs;
}

function cpuMsIn(path: string): number {
  const stat = readFileSync(path, 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

/** Resident memory in KiB. */
export function rssKib(pid: number): number {
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1] ?? 0);
}

/** Waits until something accepts on the port. @throws after ten seconds */
export async function accepting(port: number): Promise<void> {
  const untilMs = performance.now() + 10_000;
  for (;;) {
    const socket = createConnection(port, '127.0.0.1');
    const accepted = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true));
      socket.once('error', () => resolve(false));
    });
    socket.destroy();
    if (accepted) return;
    if (performance.now() > untilMs) throw new Error(`nothing accepted on port ${port} within 10 s`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
