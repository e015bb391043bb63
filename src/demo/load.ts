import { get } from 'node:http';
import type { PhaseTally } from './report.ts';

/**
 * Steady load: new HTTP connections at a fixed rate, each with one request, independent of earlier connections. Every
 * connection counts for the phase in which it was opened.
 */
export interface Load {
  /** Begins a new phase. Resolves with the tally of the previous phase when its last connection has ended. */
  nextPhase(): Promise<PhaseTally>;
  /** The replicas that have answered in this phase so far. */
  answeredBy(): ReadonlySet<string>;
  stop(): void;
}

export interface Target {
  readonly host: string;
  readonly port: number;
}

const connectionsPerSecond = 100;
/** The timeout of a request: longer than Sealane's hold of 10 s. */
const patienceMs = 15_000;

interface OpenPhase {
  made: number;
  longestMs: number;
  readonly spread: Map<string, number>;
  readonly failures: Map<string, number>;
  readonly pending: Set<Promise<void>>;
}

export function startLoad(target: Target): Load {
  let phase = openPhase();
  const connect = (current: OpenPhase): void => {
    current.made += 1;
    const attempt = ask(target, current).finally(() => current.pending.delete(attempt));
    current.pending.add(attempt);
  };
  const timer = setInterval(() => connect(phase), 1000 / connectionsPerSecond);
  return {
    nextPhase: async () => {
      const ended = phase;
      phase = openPhase();
      await Promise.all(ended.pending);
      return ended;
    },
    answeredBy: () => new Set(phase.spread.keys()),
    stop: () => clearInterval(timer),
  };
}

/** The name of the replica that answers. Rejects with the reason when none does. */
export function whoAnswers({ host, port }: Target): Promise<string> {
  return new Promise((resolve, reject) => {
    // Without an agent, every request has a connection of its own.
    const request = get({ host, port, agent: false, timeout: patienceMs }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text: string) => (body += text));
      response.on('error', reject);
      response.on('end', () => {
        const name = /^Name: (.+)$/m.exec(body)?.[1];
        if (response.statusCode === 200 && name !== undefined) resolve(name);
        else reject(new Error(`HTTP ${response.statusCode}`));
      });
    });
    request.on('timeout', () => request.destroy(new Error(`no answer in ${patienceMs / 1000} s`)));
    request.on('error', reject);
  });
}

async function ask(target: Target, phase: OpenPhase): Promise<void> {
  const startedMs = performance.now();
  try {
    increment(phase.spread, await whoAnswers(target));
  } catch (error) {
    increment(phase.failures, (error as NodeJS.ErrnoException).code ?? (error as Error).message);
  }
  phase.longestMs = Math.max(phase.longestMs, performance.now() - startedMs);
}

function openPhase(): OpenPhase {
  return { made: 0, longestMs: 0, spread: new Map(), failures: new Map(), pending: new Set() };
}

function increment(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
