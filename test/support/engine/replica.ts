import { createConnection } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { inject } from 'vitest';
import { testedEngine } from './tested-engine.ts';
import { startContainer, uniqueName, type ContainerOptions, type TestContainer } from './containers.ts';

/**
 * Containers that serve their own name over HTTP (on port 8080 by default) and echo on port 7, and clients that ask for
 * the name.
 */
export interface ReplicaOptions {
  readonly labels?: Readonly<Record<string, string>>;
  readonly name?: string;
  /** The networks by name. `host` and `container:<id>` must be the only one. */
  readonly networks?: readonly string[];
  readonly port?: number;
  /** Other parameters of the engine's create call. */
  readonly create?: NonNullable<ContainerOptions['create']>;
  readonly host?: NonNullable<ContainerOptions['host']>;
}

export function startReplica({
  port = 8080,
  name = uniqueName('replica'),
  ...options
}: ReplicaOptions = {}): Promise<TestContainer> {
  // In the network of another container, the echo port may be in use.
  const echo = port === 8080 ? 'nc -ll -p 7 -e cat & ' : '';
  // The trap makes TERM end the shell at once: as process 1 it would ignore TERM, and every stop would take ten
  // seconds.
  const script =
    `trap 'exit 0' TERM; mkdir -p /tmp/www; echo ${name} > /tmp/www/index.html; ` +
    `${echo}httpd -f -p ${port} -h /tmp/www & wait`;
  return startContainer({ image: inject('images').tools, name, command: ['sh', '-c', script], ...options });
}

/**
 * The name of the replica that answers, the code of the socket's error, or `nothing` where the connection was cut. A
 * paused replica accepts connections and never answers: the wait for an answer ends after 30 s.
 */
export async function whoAnswers(port: number, host = testedEngine().address): Promise<string> {
  const socket = createConnection({ port, host, timeout: 30_000 });
  socket.once('timeout', () => socket.destroy(new Error('no answer')));
  socket.write('GET / HTTP/1.0\r\n\r\n');
  let text = '';
  try {
    for await (const chunk of socket) text += String(chunk);
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : String(error);
  }
  const [, body = ''] = text.split('\r\n\r\n');
  return body.endsWith('\n') ? (body.split('\n').at(-2) ?? 'nothing') : 'nothing';
}

/** The distinct answers of `whoAnswers` to `count` connections in sequence, sorted. */
export async function answerers(port: number, count = 12): Promise<string[]> {
  const names = new Set<string>();
  for (let round = 0; round < count; round += 1) names.add(await whoAnswers(port));
  return [...names].toSorted();
}

/** Whether so many replicas answered, and no client was refused, as one is until the port is open. */
export function areReplicas(count: number): (names: readonly string[]) => boolean {
  return (names) => names.length === count && names.every((name) => name !== 'nothing' && !/^E[A-Z]+$/.test(name));
}

/**
 * Repeats `ask` until `wanted` accepts the answer, with a pause that leaves the processor to what it waits for: at least
 * `pauseMs`, and a tenth of the time that it has waited for already. Rejects after `patienceMs`.
 */
export async function eventually<T>(
  ask: () => Promise<T>,
  wanted: (answer: T) => boolean,
  patienceMs = 60_000,
  pauseMs = 40,
): Promise<T> {
  const begunMs = performance.now();
  for (;;) {
    const answer = await ask();
    if (wanted(answer)) return answer;
    const waitedMs = performance.now() - begunMs;
    if (waitedMs > patienceMs) throw new Error(`still ${JSON.stringify(answer)} after ${patienceMs} ms`);
    await pause(Math.max(pauseMs, waitedMs / 10));
  }
}
