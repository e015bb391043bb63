import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { engineVariable, pause } from './processes.ts';

/**
 * The daemons of a private engine: how they are started, waited for and stopped, with plain calls of the Docker API.
 */
const startTimeoutMs = 60_000;

/** Starts a daemon of a private engine, in a process group of its own, with its log in `folder`. */
export function daemon(
  folder: string,
  name: string,
  [program, ...args]: readonly [program: string, ...args: string[]],
  environment: Readonly<Record<string, string>> = {},
): ChildProcess {
  // The daemon writes the log itself, so that all of it is there once the daemon has ended.
  const log = openSync(logOf(folder, name), 'w');
  const child = spawn(program, args, {
    stdio: ['ignore', log, log],
    detached: true,
    env: {
      ...process.env,
      PATH: `${process.env['PATH'] ?? ''}:/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin`,
      [engineVariable]: folder,
      ...environment,
    },
  });
  closeSync(log);
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

/**
 * Resolves when the engine, the daemon `name`, answers at `socket`. Rejects when it ends, or takes too long, with the last
 * error in its log, or the last line.
 */
export async function untilAnswering(
  socket: string,
  engine: ChildProcess,
  folder: string,
  name: string,
  signal: AbortSignal,
): Promise<void> {
  const deadline = performance.now() + startTimeoutMs;
  for (;;) {
    signal.throwIfAborted();
    if ((await call(socket, 'GET', '/_ping').catch(() => '')) === 'OK') return;
    const ended = engine.pid === undefined || engine.exitCode !== null || engine.signalCode !== null;
    if (ended || performance.now() > deadline) {
      const lines = (await readFile(logOf(folder, name), 'utf8').catch(() => '')).trim().split('\n');
      const reason = lines.findLast((line) => /level=(fatal|error)|^failed|^Error/.test(line));
      const said = reason ?? (lines.at(-1) || 'it said nothing');
      throw new Error(`${name} ${ended ? 'did not start' : 'does not answer'}: ${said}`);
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

function logOf(folder: string, name: string): string {
  return join(folder, `${name}.log`);
}
