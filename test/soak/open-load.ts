import { Client, ConnectionFailure } from './client.ts';
import type { Failure } from './failure.ts';
import { wallMs } from './wall-clock.ts';

/**
 * Opens new connections on schedule, whether or not earlier ones have been answered (open loop), so that a stall can't
 * hide behind clients that wait for their turn. Each connection sends one request, reads the whole answer, and closes.
 */
export interface OpenLoad {
  readonly made: number;
  readonly failures: readonly Failure[];
  /** The time of each answered connection from its connect to the whole answer, in milliseconds. */
  readonly waitsMs: readonly number[];
  readonly slowest: Served | undefined;
  /** The largest delay of the schedule in milliseconds: the part of the waits that this program may have caused. */
  readonly slippedMs: number;
  /** Resolves when `count` more connections have been answered. */
  answered(count: number): Promise<void>;
  /** Resolves when waiting clients have been served: no more connections are open than in normal operation. */
  caughtUp(): Promise<void>;
  /** Opens no more connections. Resolves when the last one has ended. */
  stop(): Promise<void>;
}

interface Served {
  readonly localPort: number | undefined;
  readonly startedAtMs: number;
  readonly waitMs: number;
}

/** The most connections that are open at once while no client waits for a replica. */
const normalOpen = 20;
const tickMs = 5;

export function startOpenLoad(port: number, perSecond: number, host = '127.0.0.1'): OpenLoad {
  const failures: Failure[] = [];
  const waitsMs: number[] = [];
  const running = new Set<Promise<void>>();
  const waiting = new Set<{ readonly at: number; readonly resolve: () => void }>();
  const catchingUp: (() => void)[] = [];
  const beganMs = wallMs();
  let made = 0;
  let slippedMs = 0;
  let slowest: Served | undefined;

  const note = ({ localPort, startedAtMs }: Client): void => {
    const waitMs = wallMs() - startedAtMs;
    waitsMs.push(waitMs);
    if (!slowest || waitMs > slowest.waitMs) slowest = { localPort, startedAtMs, waitMs };
  };

  const one = async (): Promise<void> => {
    const client = new Client(port, host);
    try {
      await client.ask('close');
      note(client);
      for (const waiter of waiting) if (waitsMs.length >= waiter.at && waiting.delete(waiter)) waiter.resolve();
    } catch (error) {
      if (!(error instanceof ConnectionFailure)) throw error;
      const { localPort, startedAtMs } = client;
      failures.push({ localPort, startedAtMs, failedAtMs: wallMs(), code: error.code, answers: 0 });
    } finally {
      client.close();
    }
  };

  const timer = setInterval(() => {
    const elapsedMs = wallMs() - beganMs;
    slippedMs = Math.max(slippedMs, elapsedMs - (made * 1_000) / perSecond);
    for (const due = Math.floor((elapsedMs * perSecond) / 1_000); made < due; made += 1) {
      const connection = one().finally(() => {
        running.delete(connection);
        if (running.size <= normalOpen) for (const resolve of catchingUp.splice(0)) resolve();
      });
      running.add(connection);
    }
  }, tickMs);

  return {
    failures,
    waitsMs,
    get made() {
      return made;
    },
    get slowest() {
      return slowest;
    },
    get slippedMs() {
      return slippedMs;
    },
    answered: (count) => new Promise((resolve) => waiting.add({ at: waitsMs.length + count, resolve })),
    caughtUp: () => new Promise((resolve) => void catchingUp.push(resolve)),
    async stop() {
      clearInterval(timer);
      while (running.size > 0) await Promise.all(running);
    },
  };
}
