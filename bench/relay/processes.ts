import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { dieWithParent } from '../../test/support/programs/die-with-parent.ts';

/**
 * Child processes of the benchmark: started, measured through proc(5), ended with certainty, also if it is interrupted.
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
  const [first, ...before] = dieWithParent;
  const child = spawn(first, [...before, program, ...args], {
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

/** What a program that ends by itself printed. @throws when it fails, or takes longer */
export async function output(program: string, args: readonly string[], patienceMs = 60_000): Promise<string> {
  const child = spawn(program, [...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: patienceMs,
    killSignal: 'SIGKILL',
  });
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

/**
 * Waits until something listens on the port. Nothing connects to find out: iperf3 takes any connection for a test that
 * begins, and sends the next one away, or leaves it waiting, until that one has failed. @throws after ten seconds
 */
export async function listening(port: number): Promise<void> {
  const untilMs = performance.now() + 10_000;
  while (!isListening(port)) {
    if (performance.now() > untilMs) throw new Error(`nothing listens on port ${port} within 10 s`);
    await sleep(20);
  }
}

/** proc_net_tcp(5): the local address and port in hexadecimal, then the remote ones, then the state, 0A being LISTEN. */
function isListening(port: number): boolean {
  const hex = port.toString(16).toUpperCase().padStart(4, '0');
  return readFileSync('/proc/net/tcp', 'latin1')
    .split('\n')
    .some((line) => new RegExp(`^\\s*\\d+: [0-9A-F]{8}:${hex} [0-9A-F:]+ 0A `).test(line));
}
