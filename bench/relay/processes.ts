import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { dieWithParent } from '../../test/support/programs/die-with-parent.ts';

/**
 * Starts the child processes of the benchmarks, measures them through proc(5), and ends them even if the benchmark is
 * interrupted.
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
  let errorText = '';
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => (errorText = (errorText + chunk).slice(-2_000)));
  const gone = once(child, 'close').catch(() => undefined);
  child.once('error', (error) => process.stderr.write(`${program}: ${error.message}\n`));
  child.once('exit', (code) => {
    if (code !== null && code !== 0) process.stderr.write(`${program} ended with code ${code}: ${errorText}\n`);
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

/** The standard output of a program. @throws when the program fails or runs longer than `patienceMs` */
export async function output(program: string, args: readonly string[], patienceMs = 60_000): Promise<string> {
  const child = spawn(program, [...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: patienceMs,
    killSignal: 'SIGKILL',
  });
  let text = '';
  let errorText = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (errorText += chunk));
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`${program} ${args.join(' ')} ended with code ${String(code)}: ${errorText}${text}`);
  return text;
}

/** The user and system time of a process, in milliseconds with a resolution of 10 ms (proc_pid_stat(5)). */
export function cpuMs(pid: number): number {
  return cpuMsIn(`/proc/${pid}/stat`);
}

/** The sum of the user and system times of the threads of this name, in milliseconds. */
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

/** The resident memory of a process, in KiB. */
export function rssKib(pid: number): number {
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1] ?? 0);
}

/**
 * Waits until a process listens on the port, without connecting: iperf3 takes any connection for the start of a test,
 * and rejects or delays the next one until that test has failed. @throws after ten seconds
 */
export async function listening(port: number): Promise<void> {
  const untilMs = performance.now() + 10_000;
  while (!isListening(port)) {
    if (performance.now() > untilMs) throw new Error(`nothing listens on port ${port} within 10 s`);
    await sleep(20);
  }
}

/**
 * proc_net_tcp(5): a line has the local address and port in hexadecimal, the remote ones, and the state: 0A is LISTEN.
 */
function isListening(port: number): boolean {
  const hex = port.toString(16).toUpperCase().padStart(4, '0');
  return readFileSync('/proc/net/tcp', 'latin1')
    .split('\n')
    .some((line) => new RegExp(`^\\s*\\d+: [0-9A-F]{8}:${hex} [0-9A-F:]+ 0A `).test(line));
}
