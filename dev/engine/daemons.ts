import { spawn, type ChildProcess } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { request } from 'node:http';
import { basename, join } from 'node:path';
import { engineVariable, pause } from './processes.ts';

/**
 * The daemons of a private engine: how they are started, waited for and stopped, with plain calls of the Docker API.
 */
const startTimeoutMs = 60_000;

/** Starts a program of a private engine, in a process group of its own, with its log in `folder`. */
export function daemon(
  folder: string,
  program: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): ChildProcess {
  const child = spawn(program, [...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
    env: {
      ...process.env,
      PATH: `${process.env['PATH'] ?? ''}:/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin`,
      [engineVariable]: folder,
      ...environment,
    },
  });
  const log = createWriteStream(logOf(folder, program));
  log.on('error', () => {});
  child.stdout.pipe(log);
  child.stderr.pipe(log);
  // A program that cannot be started is noticed as an engine that does not answer.
  child.on('error', () => {});
  return child;
}

export async function stopDaemon(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  const tooLong = setTimeout(() => child.kill('SIGKILL'), 10_000);
  await ended;
  clearTimeout(tooLong);
}

/** Resolves when the engine answers at `socket`; rejects with the last error in its log when it ends, or takes too long. */
export async function untilAnswering(
  socket: string,
  engine: ChildProcess,
  log: string,
  signal: AbortSignal,
): Promise<void> {
  const name = basename(log, '.log');
  const deadline = performance.now() + startTimeoutMs;
  for (;;) {
    signal.throwIfAborted();
    if ((await call(socket, 'GET', '/_ping').catch(() => '')) === 'OK') return;
    const ended = engine.pid === undefined || engine.exitCode !== null || engine.signalCode !== null;
    if (ended || performance.now() > deadline) {
      const lines = (await readFile(log, 'utf8').catch(() => '')).trim().split('\n');
      const reason = lines.findLast((line) => /level=(fatal|error)|^failed|^Error/.test(line));
      throw new Error(`${name} ${ended ? 'did not start' : 'does not answer'}: ${reason ?? 'it said nothing'}`);
    }
    await pause(50);
  }
}

/** Kills all containers at once, so that the engine's own stop does not wait for them. */
export async function killContainers(socket: string): Promise<void> {
  const list: unknown = JSON.parse(await call(socket, 'GET', '/containers/json').catch(() => '[]'));
  if (!Array.isArray(list)) return;
  await Promise.all(
    list.map((container: { Id?: string }) => call(socket, 'POST', `/containers/${container.Id}/kill`).catch(() => '')),
  );
}

function call(socketPath: string, method: string, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ socketPath, method, path, timeout: 5000, agent: false }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text: string) => (body += text));
      response.on('end', () => resolve(body));
      response.on('error', reject);
    });
    outgoing.on('timeout', () => outgoing.destroy(new Error('no answer in time')));
    outgoing.on('error', reject);
    outgoing.end();
  });
}

/** The log of a daemon. */
export function logOf(folder: string, program: string): string {
  return join(folder, `${program}.log`);
}
