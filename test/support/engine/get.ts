import { setTimeout as pause } from 'node:timers/promises';
import { eventually } from './replica.ts';

/** Gets a page of a published port. Each call has a connection of its own. Rejects unless the answer is a success. */
export async function get(port: number): Promise<string> {
  const answer = await fetch(`http://127.0.0.1:${port}/`, {
    headers: { connection: 'close' },
    signal: AbortSignal.timeout(20_000),
  });
  const body = await answer.text();
  if (!answer.ok) throw new Error(`the answer is ${answer.status}: ${body}`);
  return body;
}

/** The distinct hostnames that answer 12 connections; none while Sealane does not listen yet. */
export async function hostnames(port: number): Promise<Set<string>> {
  const names = new Set<string>();
  for (let round = 0; round < 12; round += 1) {
    const name = await hostname(port).catch(() => undefined);
    if (name === undefined) break;
    names.add(name);
  }
  return names;
}

/** Resolves with the hostnames once that many answer. */
export function untilServed(port: number, count: number): Promise<Set<string>> {
  return eventually(
    () => hostnames(port),
    ({ size }) => size === count,
    30_000,
  );
}

async function hostname(port: number): Promise<string> {
  return /^Hostname: (.+)$/m.exec(await get(port))?.[1] ?? 'unknown';
}

/**
 * Opens new connections, one after the other, until `change` has settled, and resolves with the number of answers.
 * Rejects if a connection failed, but only after the change is over: a project that is changing cannot be taken down.
 */
export async function whileAsking(port: number, change: Promise<unknown>): Promise<number> {
  const over = new AbortController();
  let answered = 0;
  const asking = (async () => {
    while (!over.signal.aborted) {
      await get(port);
      answered += 1;
      await pause(40);
    }
  })();
  await Promise.allSettled([asking, change.finally(() => over.abort())]);
  await Promise.all([asking, change]);
  return answered;
}
