import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { createPlane } from '../../src/relay/plane/plane.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { rssKib } from '../../bench/relay/processes.ts';
import { recorded } from '../support/sockets/recorded.ts';
import { dieWithParent } from '../support/programs/die-with-parent.ts';
import { listener, pool, table, upstream } from '../support/sockets/tables.ts';
import { quantile } from './quantile.ts';

/**
 * `npm run soak:drip [connections] [seconds] [driver]`: slow clients ("drippers") send a ClientHello byte by byte to a
 * listener that detects names, and reconnect whenever they are rejected. Honest clients of the same listener are timed
 * meanwhile. Relay, drippers and honest clients are separate processes on one machine, so the honest clients are also
 * timed while the same drippers connect to another relay.
 */
/** The limit for the relay's memory per dripper, with Node's socket. Measured: 9.9 with splice, 14.7 with stream. */
const mostKibEach = 24;
/**
 * The limit for the rise of the p99 of honest clients, relative to drippers at another relay. Measured: 0.5 to 1.2 with
 * splice, 1.1 to 2.1 with stream.
 */
const mostP99RiseMs = 4;
/** The time until the first drippers have been rejected and have reconnected. */
const warmUpSeconds = 6;
/** The drippers connect within five seconds and send within two, a few at a time, as independent clients would. */
const rampMs = 5_000;
const turnMs = 2_000;
const stepMs = 5;
/** The timeout of an honest client's answer. */
const longestMs = 10_000;

const [role = '', ...rest] = process.argv.slice(2);
if (role === 'relay') runRelay(rest[0] === 'stream' ? 'stream' : 'splice', Number(rest[1]));
else if (role === 'drip') runDrippers(Number(rest[0]), Number(rest[1]));
else
  await judge(Number(role || 10_000), Number(rest[0] ?? 20), rest[1] === undefined ? ['splice', 'stream'] : [rest[1]]);

async function judge(connections: number, seconds: number, drivers: readonly string[]): Promise<void> {
  for (const driver of drivers) {
    const upstreamServer = createServer((socket) => socket.on('error', () => {}).pipe(socket));
    upstreamServer.listen(0, '127.0.0.1');
    await once(upstreamServer, 'listening');
    const upstreamPort = String((upstreamServer.address() as AddressInfo).port);
    const [relay, other] = [part('relay', driver, upstreamPort), part('relay', driver, upstreamPort)];
    const port = Number(await told(relay));
    const otherPort = Number(await told(other));
    await honest(port, warmUpSeconds);
    const quietMs = await honest(port, seconds / 2);
    const quietKib = rssKib(relay.pid ?? 0);
    const elsewhere = part('drip', String(otherPort), String(connections));
    await told(elsewhere);
    await honest(port, warmUpSeconds);
    const elsewhereMs = await honest(port, seconds);
    for (const child of [elsewhere, other]) child.kill();
    const drippers = part('drip', String(port), String(connections));
    await told(drippers);
    await honest(port, warmUpSeconds);
    let open = 0;
    let busyKib = 0;
    // Drippers are rejected in waves and take a moment to reconnect: the maxima of connections and memory count.
    const watch = setInterval(() => {
      busyKib = Math.max(busyKib, rssKib(relay.pid ?? 0));
      void ask(relay).then(
        (count) => (open = Math.max(open, count)),
        () => {},
      );
    }, 250);
    const busyMs = await honest(port, seconds);
    clearInterval(watch);
    const eachKib = (busyKib - quietKib) / connections;
    const failed = quietMs.failed + elsewhereMs.failed + busyMs.failed;
    const ok =
      open > connections * 0.9 &&
      failed === 0 &&
      eachKib <= mostKibEach &&
      busyMs.p99 - elsewhereMs.p99 <= mostP99RiseMs;
    process.stdout.write(
      `${driver}: ${open} drip; ${(quietKib / 1024).toFixed(0)} MiB resident without them, ${(busyKib / 1024).toFixed(0)} with ` +
        `(${eachKib.toFixed(1)} KiB each); honest clients without drippers, with them elsewhere, with them here: ` +
        `p50 ${[quietMs, elsewhereMs, busyMs].map(({ p50 }) => p50.toFixed(2)).join(', ')} ms, ` +
        `p99 ${[quietMs, elsewhereMs, busyMs].map(({ p99 }) => p99.toFixed(2)).join(', ')} ms ` +
        `(${busyMs.count} of them, ${failed} failed): ${ok ? 'passed' : 'FAILED'}\n`,
    );
    if (!ok) process.exitCode = 1;
    for (const child of [drippers, relay]) child.kill();
    upstreamServer.close();
  }
}

/**
 * Starts a separate process. The relay needs two descriptors for each client, more than the hard limit often allows.
 */
function part(...args: readonly string[]): ChildProcess {
  const withFiles = 'ulimit -n 65536 2>/dev/null; exec "$0" "$@"';
  const [first, ...before] = dieWithParent;
  return spawn(first, [...before, 'sh', '-c', withFiles, process.execPath, import.meta.filename, ...args], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
}

/** The next message of the process. @throws when the process ends instead */
async function told(child: ChildProcess): Promise<unknown> {
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`a part of the test ended with ${String(code)}`);
  });
  const [message] = (await Promise.race([once(child, 'message'), ended])) as unknown[];
  return message;
}

async function ask(relay: ChildProcess): Promise<number> {
  const answer = once(relay, 'message');
  relay.send('open');
  return Number((await answer)[0]);
}

interface Honest {
  readonly p50: number;
  readonly p99: number;
  readonly count: number;
  readonly failed: number;
}

/** Times honest clients from the connect to the first byte of the answer: four at a time, one after the other. */
async function honest(port: number, seconds: number): Promise<Honest> {
  const hello = recorded('curl');
  const untilMs = performance.now() + seconds * 1_000;
  const times: number[] = [];
  let failed = 0;
  const lane = async (): Promise<void> => {
    while (performance.now() < untilMs) {
      const beginMs = performance.now();
      const socket = connect({ port, host: '127.0.0.1', noDelay: true });
      socket.write(hello);
      if (await isAnswered(socket)) times.push(performance.now() - beginMs);
      else failed += 1;
      socket.destroy();
      await sleep(5);
    }
  };
  await Promise.all(Array.from({ length: 4 }, lane));
  return { p50: quantile(times, 0.5), p99: quantile(times, 0.99), count: times.length, failed };
}

async function isAnswered(socket: Socket): Promise<boolean> {
  const signal = AbortSignal.timeout(longestMs);
  const closed = once(socket, 'close', { signal }).then(() => false);
  return Promise.race([once(socket, 'data', { signal }).then(() => true), closed]).catch(() => false);
}

function runRelay(driver: 'splice' | 'stream', upstreamPort: number): void {
  const spec = pool([upstream('echo', { port: upstreamPort })]);
  const plane = createPlane(
    {
      logger: createLogger({ level: 'error', format: 'json' }),
      onSessions() {},
      onListener(_, status) {
        if (status.kind === 'listening') process.send?.(status.port);
      },
    },
    { workers: 1, driver },
  );
  const names = [{ kind: 'sni', pattern: 'api.example.test', service: spec.service, tls: 'passthrough' }] as const;
  plane.publish(table([spec], [{ ...listener(), service: undefined, names }]));
  process.on('message', () => process.send?.(plane.counters.totals().open));
}

/** Each client sends a byte every two seconds, and reconnects as soon as it is rejected. */
function runDrippers(port: number, connections: number): void {
  const hello = recorded('curl');
  const open = new Map<Socket, number>();
  const drip = (): void => {
    const socket = connect({ port, host: '127.0.0.1' });
    open.set(socket, 0);
    socket.on('error', () => {});
    socket.on('close', () => {
      open.delete(socket);
      drip();
    });
  };
  const ramp = setInterval(() => {
    for (let count = 0; count < (connections * stepMs) / rampMs && open.size < connections; count++) drip();
    if (open.size < connections) return;
    clearInterval(ramp);
    process.send?.('connected');
  }, stepMs);
  const parts = turnMs / stepMs;
  let turn = 0;
  setInterval(() => {
    turn += 1;
    let nth = 0;
    for (const [socket, sent] of open) {
      if (nth++ % parts !== turn % parts || socket.connecting) continue;
      socket.write(hello.subarray(sent, sent + 1));
      open.set(socket, sent + 1);
    }
  }, stepMs);
}
