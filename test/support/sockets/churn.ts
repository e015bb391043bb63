import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { resetNow } from '../../../src/relay/driver/stream/reset.ts';
import type { RoutingTable } from '../../../src/relay/boundary/table.ts';
import type { PlaneRig } from './rig.ts';
import { publishAndBind, until } from './rig.ts';
import { pool, table, upstream } from './tables.ts';

/**
 * Sessions that do at random what sockets can do: write little and much, read late, end, reset, in any order on either
 * side, while upstreams come and go. Every byte is checked as it arrives: a stream is a seed, then the noise that
 * begins at the seed's place.
 */
export interface ChurnOptions {
  readonly sessions: number;
  readonly concurrency: number;
  readonly seed: number;
  /**
   * Milliseconds between tables, each of which removes one upstream or brings it back. Undefined: the first table
   * stays.
   */
  readonly tableEveryMs?: number;
}

export interface ChurnResult {
  readonly sessions: number;
  readonly finished: number;
  readonly bytes: number;
  readonly problems: readonly string[];
}

/** A prime, so that the noise never lines up with a buffer's size. */
const noiseLength = 1_048_573;
const headerLength = 4;
const writeSizes = [1, 100, 1_500, 20_000, 70_000, 400_000];

export async function churn(rig: PlaneRig, options: ChurnOptions): Promise<ChurnResult> {
  const random = randomFrom(options.seed);
  const ledger = new Ledger(random);
  const servers = await Promise.all(['a', 'b', 'c'].map((name) => serveChurn(name, ledger, random)));
  const all = servers.map(({ name, port }) => upstream(name, { port }));
  const port = await publishAndBind(rig, table([pool(all)]));
  let out = 0;
  const changing =
    options.tableEveryMs === undefined
      ? undefined
      : setInterval(() => rig.publish(without(all, out++ % 4)), options.tableEveryMs);
  let started = 0;
  const lane = async (): Promise<void> => {
    while (started++ < options.sessions) await runClient(port, ledger, random);
  };
  await Promise.all(Array.from({ length: options.concurrency }, lane));
  clearInterval(changing);
  rig.publish(table([pool(all)]));
  await until(() => rig.totals().open === 0, 30_000);
  await until(() => rig.records.all.length >= options.sessions, 30_000);
  await Promise.all(servers.map((server) => server.close()));
  // An upstream that left and came back may have been given other counters, which start at zero.
  if (options.tableEveryMs === undefined) await checkCounters(rig, ledger);
  const { all: records } = rig.records;
  return {
    sessions: records.length,
    finished: records.filter(({ reason }) => reason === 'finished').length,
    bytes: records.reduce((sum, record) => sum + record.bytesUp + record.bytesDown, 0),
    problems: ledger.problems,
  };
}

/**
 * The table without one upstream. Its key comes back as the same upstream, whose sessions from before were closed all
 * the same.
 */
function without(all: readonly ReturnType<typeof upstream>[], index: number): RoutingTable {
  return table([pool(all.filter((_, place) => place !== index))]);
}

async function checkCounters(rig: PlaneRig, ledger: Ledger): Promise<void> {
  const sums = { up: 0, down: 0 };
  for (const record of rig.records.all) {
    sums.up += record.bytesUp;
    sums.down += record.bytesDown;
  }
  await until(() => ['a', 'b', 'c'].every((name) => rig.active(name) === 0)).catch(() =>
    ledger.problems.push('sessions are still counted as active'),
  );
  const counted = ['a', 'b', 'c'].map((name) => rig.bytes(name));
  const up = counted.reduce((sum, bytes) => sum + bytes.up, 0);
  const down = counted.reduce((sum, bytes) => sum + bytes.down, 0);
  if (up !== sums.up || down !== sums.down)
    ledger.problems.push(`counters ${up}/${down}, records ${sums.up}/${sums.down}`);
  if (rig.totals().held !== 0) ledger.problems.push('a client is still held');
}

/** The bytes that were sent, by seed, and the problems found. */
class Ledger {
  readonly problems: string[] = [];
  readonly noise = Buffer.alloc(noiseLength * 2);
  readonly #sent = new Map<number, { length: number; ended: boolean }>();
  #nextSeed = 1;

  constructor(random: () => number) {
    for (let at = 0; at < noiseLength; at++) this.noise[at] = random() * 256;
    this.noise.copy(this.noise, noiseLength, 0, noiseLength);
  }

  open(): { readonly seed: number; readonly sent: { length: number; ended: boolean } } {
    const seed = this.#nextSeed++;
    const sent = { length: 0, ended: false };
    this.#sent.set(seed, sent);
    return { seed, sent };
  }

  /** Checks a chunk behind the stream's first `at` bytes. */
  check(peer: string, seed: number, at: number, chunk: Buffer): void {
    for (let done = 0; done < chunk.length;) {
      const from = (seed * 7_919 + at + done) % noiseLength;
      const length = Math.min(chunk.length - done, noiseLength);
      if (chunk.compare(this.noise, from, from + length, done, done + length) !== 0) {
        this.problems.push(`${peer}: bytes of stream ${seed} differ after ${at + done}`);
        return;
      }
      done += length;
    }
  }

  /** A stream that was ended by its sender and whose end arrived must have arrived whole. */
  checkEnd(peer: string, seed: number, length: number): void {
    const sent = this.#sent.get(seed);
    if (!sent) this.problems.push(`${peer}: stream ${seed} was never sent`);
    else if (!sent.ended) this.problems.push(`${peer}: stream ${seed} ended, though its sender had not ended it`);
    else if (sent.length !== length) this.problems.push(`${peer}: ${length} of ${sent.length} bytes of stream ${seed}`);
  }
}

/** Checks what arrives, and writes, waits, ends or resets at random until both directions are over. */
async function act(peer: string, socket: Socket, ledger: Ledger, random: () => number): Promise<void> {
  const { seed, sent } = ledger.open();
  const closed = new Promise<void>((resolve) => void socket.once('close', () => resolve()));
  socket.on('error', () => {});
  let header = Buffer.alloc(0);
  let theirs: number | undefined;
  let arrived = 0;
  socket.on('data', (data: Buffer) => {
    let chunk = data;
    if (theirs === undefined) {
      header = Buffer.concat([header, data]);
      if (header.length < headerLength) return;
      theirs = header.readUInt32BE();
      chunk = header.subarray(headerLength);
    }
    ledger.check(peer, theirs, arrived, chunk);
    arrived += chunk.length;
  });
  socket.on('end', () => {
    if (theirs !== undefined) ledger.checkEnd(peer, theirs, arrived);
  });
  const first = Buffer.alloc(headerLength);
  first.writeUInt32BE(seed);
  if (random() < 0.1) socket.end();
  else socket.write(first);
  const send = (size: number): boolean => {
    const from = (seed * 7_919 + sent.length) % noiseLength;
    sent.length += size;
    return socket.write(ledger.noise.subarray(from, from + size));
  };
  const steps = Math.floor(random() * 6);
  for (let step = 0; step < steps && socket.writable; step++) {
    const dice = random();
    if (dice < 0.6) {
      const size = writeSizes[Math.floor(random() * writeSizes.length)] ?? 1;
      if (!send(size)) await Promise.race([once(socket, 'drain').catch(() => {}), closed]);
    } else if (dice < 0.8) {
      await pause(random() * 10);
    } else if (dice < 0.9) {
      socket.pause();
      await pause(random() * 20);
      socket.resume();
    } else if (dice < 0.93) {
      // Node's own resetAndDestroy may send an end first.
      resetNow(socket);
    }
  }
  if (!socket.writableEnded && !socket.destroyed) {
    sent.ended = true;
    socket.end();
  }
  await closed;
}

async function runClient(port: number, ledger: Ledger, random: () => number): Promise<void> {
  const socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true, noDelay: true });
  // Node never emits `close` for a socket that is reset while it connects (26.10).
  await once(socket, 'connect').catch(() => {});
  if (!socket.destroyed) await act('client', socket, ledger, random);
}

async function serveChurn(
  name: string,
  ledger: Ledger,
  random: () => number,
): Promise<{ readonly name: string; readonly port: number; close(): Promise<void> }> {
  const open = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
    void act(`upstream ${name}`, socket, ledger, random);
  });
  server.listen(0, '127.0.0.1', 4_096);
  await once(server, 'listening');
  return {
    name,
    port: (server.address() as AddressInfo).port,
    async close() {
      server.close();
      await until(() => open.size === 0, 10_000).catch(() =>
        ledger.problems.push(`${open.size} sessions left at ${name}`),
      );
      for (const socket of open) socket.destroy();
    },
  };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** mulberry32, a small generator that gives the same numbers everywhere. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
