import { execFile } from 'node:child_process';
import { closeSync, constants, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it, vi } from 'vitest';
import { hasFields, logLines, startWithLog, type LogLine, type QuietSealane } from '../support/sealane/sealane.ts';
import { freePort } from '../support/sockets/free-port.ts';
import { dial, refusal, serve, serveEcho, type TestServer } from '../support/sockets/sockets.ts';
import { tempFolder, type TempFolder } from '../support/temp-folder.ts';

/**
 * A log that can't be written, or that is read too slowly or by no process: Sealane serves, ends when it is told to,
 * and counts what was lost.
 */
const run = promisify(execFile);

interface Log {
  readonly descriptor: number | 'unread';
  /** A number of lines that is more than it can buffer. */
  readonly lines: number;
  /** Called when Sealane has the descriptor. */
  onStarted(sealane: QuietSealane): void;
}

/** The kinds of logs that take nothing, or nothing any more. */
const logs: Readonly<Record<string, (folder: TempFolder) => Promise<Log>>> = {
  'a full disk': async () => {
    const descriptor = openSync('/dev/full', 'w');
    return { descriptor, lines: 100, onStarted: () => closeSync(descriptor) };
  },
  'a pipe that is not read': async ({ path }) => {
    const fifo = join(path, 'log');
    await run('mkfifo', [fifo]);
    const descriptor = openSync(fifo, constants.O_RDWR);
    // The descriptor also keeps the pipe's reading end open, until Sealane has ended.
    return { descriptor, lines: 1_000, onStarted: ({ exited }) => void exited.then(() => closeSync(descriptor)) };
  },
  'a pipe whose reader has gone': async ({ path }) => {
    const fifo = join(path, 'log');
    await run('mkfifo', [fifo]);
    const reader = openSync(fifo, constants.O_RDONLY | constants.O_NONBLOCK);
    const descriptor = openSync(fifo, constants.O_WRONLY);
    return {
      descriptor,
      lines: 100,
      onStarted() {
        closeSync(descriptor);
        closeSync(reader);
      },
    };
  },
  'a socket that is not read': async () => ({ descriptor: 'unread', lines: 1_000, onStarted() {} }),
};

async function start(log: Log, args: readonly string[]): Promise<QuietSealane> {
  const sealane = startWithLog(log.descriptor, args);
  log.onStarted(sealane);
  return sealane;
}

/** Answers each connection with `a` and ends it. */
function named(): Promise<TestServer> {
  return serve(({ socket }) => void socket.end('a'));
}

async function ask(port: number): Promise<string> {
  const socket = createConnection(port, '127.0.0.1');
  let text = '';
  for await (const chunk of socket) text += String(chunk);
  return text;
}

/** Ends so many sessions, each of which is a log line. */
async function endSessions(port: number, count: number): Promise<void> {
  const asked = Array.from({ length: 20 }, async () => {
    for (let round = 0; round < count / 20; round += 1) expect(await ask(port)).toBe('a');
  });
  await Promise.all(asked);
}

async function configured(folder: TempFolder, services: Readonly<Record<string, readonly [number, number]>>) {
  const lines = Object.entries(services).map(
    ([name, [listen, port]]) => `  ${name}: { listen: '127.0.0.1:${listen}', upstreams: ['127.0.0.1:${port}'] }\n`,
  );
  return folder.write('sealane.yaml', `services:\n${lines.join('')}`);
}

describe.each(Object.entries(logs))('a log on %s', (_name, open) => {
  it('blocks neither clients nor the reconcile loop, and SIGTERM ends Sealane in time', async () => {
    await using folder = await tempFolder();
    await using a = await named();
    const [first, second] = [await freePort(), await freePort()];
    const config = await configured(folder, { first: [first, a.port] });
    const args = ['--docker', 'none', '--admin', 'off', '--config', config];
    const log = await open(folder);
    await using sealane = await start(log, args);
    await vi.waitFor(() => ask(first), 30_000);
    await endSessions(first, log.lines);
    await configured(folder, { first: [first, a.port], second: [second, a.port] });
    await vi.waitFor(() => ask(second), 30_000);
    const toldAt = performance.now();
    sealane.process.kill('SIGTERM');
    expect(await sealane.exited).toBe(0);
    // The default of --shutdown-timeout, which no session needs here.
    expect(performance.now() - toldAt).toBeLessThan(8_000);
  });

  it('lets a second signal end Sealane at once', async () => {
    await using folder = await tempFolder();
    await using a = await named();
    await using echo = await serveEcho();
    const [first, second] = [await freePort(), await freePort()];
    const config = await configured(folder, { first: [first, a.port], second: [second, echo.port] });
    const args = ['--docker', 'none', '--admin', 'off', '--shutdown-timeout', '1h', '--config', config];
    const log = await open(folder);
    await using sealane = await start(log, args);
    await vi.waitFor(() => ask(first), 30_000);
    await endSessions(first, log.lines);
    await using client = await dial(second);
    await client.echo('hello');
    sealane.process.kill('SIGTERM');
    await vi.waitFor(async () => expect(await refusal(first)).toMatch(/ECONNREFUSED/), 30_000);
    const toldAt = performance.now();
    sealane.process.kill('SIGTERM');
    expect(await sealane.exited).toBe(143);
    expect(performance.now() - toldAt).toBeLessThan(30_000);
  });
});

const isDropped = (line: LogLine): boolean => hasFields(line, { event: 'log-dropped' });

describe('a disk that is full for a while', () => {
  it('has a log with whole lines before and after, and the lines that are missing are counted', async () => {
    await using folder = await tempFolder();
    await using a = await named();
    const [listen, admin] = [await freePort(), await freePort()];
    // The longest name makes long lines: four megabytes of them are kept before one is lost.
    const config = await configured(folder, { [`a-service-${'x'.repeat(118)}`]: [listen, a.port] });
    const path = await folder.write('log', '');
    const descriptor = openSync(path, 'a');
    // A limit of a file's size is met as a full disk is: by a short write, then by errors (setrlimit(2)).
    const args = ['--docker', 'none', '--admin', `127.0.0.1:${admin}`, '--config', config];
    await using sealane = startWithLog(descriptor, args, { format: 'json', before: ['prlimit', '--fsize=10000:'] });
    closeSync(descriptor);
    await vi.waitFor(() => ask(listen), 30_000);
    const lost = async (): Promise<number> => {
      const page = await (await fetch(`http://127.0.0.1:${admin}/metrics`)).text();
      return Number(/^sealane_log_lines_lost_total (\d+)$/m.exec(page)?.[1]);
    };
    expect(await lost()).toBe(0);
    while ((await lost()) === 0) await endSessions(listen, 500);
    await run('prlimit', ['--pid', String(sealane.process.pid), '--fsize=unlimited:']);
    const told = await vi.waitFor(
      async () => {
        // Only the last lines are parsed: there are thousands before.
        const found = logLines((await readFile(path, 'utf8')).slice(-1_000)).find(isDropped);
        if (!found) throw new Error('the log does not say yet that lines were lost');
        return found;
      },
      { timeout: 30_000, interval: 50 },
    );
    expect(told['dropped']).toBe(await lost());
    sealane.process.kill('SIGTERM');
    expect(await sealane.exited).toBe(0);
    const text = await readFile(path, 'utf8');
    const lines = logLines(text);
    expect(lines).toHaveLength(text.trimEnd().split('\n').length);
    expect(lines.at(-1)).toMatchObject({ event: 'stopped' });
  });
});
