import { setTimeout } from 'node:timers/promises';
import { Client, ConnectionFailure } from './client.ts';
import type { Failure } from './failure.ts';
import { wallMs } from './wall-clock.ts';

/**
 * Long-lived connections: each exchanges small messages at a steady pace, and is replaced at once when it ends.
 */
export interface LongLived {
  readonly messages: number;
  /** The number of connections that replaced an ended one, whether it ended in order or not. */
  readonly reconnects: number;
  readonly failures: readonly Failure[];
  /** The longest time in milliseconds from a message to its answer, reconnects included. */
  readonly longestMs: number;
  stop(): Promise<void>;
}

const paceMs = 200;

export function startLongLived(port: number, count: number): LongLived {
  const failures: Failure[] = [];
  const ending = new AbortController();
  let messages = 0;
  let reconnects = 0;
  let longestMs = 0;

  /** Resolves when the connection has ended, with the time of a message that got no answer, as `unanswered` is. */
  const live = async (client: Client, unanswered: number | undefined): Promise<number | undefined> => {
    let askedAtMs = unanswered;
    let answers = 0;
    try {
      while (!ending.signal.aborted) {
        askedAtMs ??= wallMs();
        const answer = await client.ask('keep-alive');
        longestMs = Math.max(longestMs, wallMs() - askedAtMs);
        askedAtMs = undefined;
        answers += 1;
        messages += 1;
        if (answer.last) return undefined;
        await Promise.race([pause(paceMs, ending.signal), client.ended()]);
      }
    } catch (error) {
      if (!(error instanceof ConnectionFailure)) throw error;
      const { localPort, startedAtMs } = client;
      failures.push({ localPort, startedAtMs, failedAtMs: wallMs(), code: error.code, answers });
      // A well-behaved client does not reconnect at once to a server that has just refused it.
      if (answers === 0) await pause(paceMs, ending.signal);
    } finally {
      client.close();
    }
    return askedAtMs;
  };

  const lane = async (index: number): Promise<void> => {
    // The lanes start at different times, so that they do not send in step.
    await pause((index * paceMs) / count, ending.signal);
    let unanswered: number | undefined;
    for (let turn = 0; !ending.signal.aborted; turn += 1) {
      if (turn > 0) reconnects += 1;
      unanswered = await live(new Client(port), unanswered);
    }
  };

  const lanes = Array.from({ length: count }, (_, index) => lane(index));
  return {
    failures,
    get messages() {
      return messages;
    },
    get reconnects() {
      return reconnects;
    },
    get longestMs() {
      return longestMs;
    },
    async stop() {
      ending.abort();
      await Promise.all(lanes);
    },
  };
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return setTimeout(ms, undefined, { signal }).catch(() => undefined);
}
