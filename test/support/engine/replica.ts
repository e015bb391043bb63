import { createConnection } from 'node:net';
import { inject } from 'vitest';
import { startContainer, uniqueName, type ContainerOptions, type TestContainer } from './containers.ts';

/**
 * Containers that say who they are: each serves its own name over HTTP (port 8080 unless said otherwise), and echoes on
 * port 7. And clients that ask.
 */
export interface ReplicaOptions {
  readonly labels?: Readonly<Record<string, string>>;
  readonly name?: string;
  /** The networks to start in, by name; `host` and `container:<id>` work alone. */
  readonly networks?: readonly string[];
  readonly port?: number;
  /** Anything else that the engine's create call takes. */
  readonly create?: NonNullable<ContainerOptions['create']>;
}

export function startReplica({
  port = 8080,
  name = uniqueName('replica'),
  ...options
}: ReplicaOptions = {}): Promise<TestContainer> {
  // In another's network the echo port may be taken.
  const echo = port === 8080 ? 'nc -ll -p 7 -e cat & ' : '';
  // TERM ends it at once: as process 1 a shell would ignore it, and every stop would take ten seconds.
  const script =
    `trap 'exit 0' TERM; mkdir -p /tmp/www; echo ${name} > /tmp/www/index.html; ` +
    `${echo}httpd -f -p ${port} -h /tmp/www & wait`;
  return startContainer({ image: inject('images').tools, name, command: ['sh', '-c', script], ...options });
}

/** The name of the replica that answers at this port, the code of the socket's error, or `nothing` where it was cut. */
export async function whoAnswers(port: number, host = '127.0.0.1'): Promise<string> {
  const socket = createConnection(port, host);
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

/** The distinct answers to `count` connections, one after the other, sorted. */
export async function answerers(port: number, count = 12): Promise<string[]> {
  const names = new Set<string>();
  for (let round = 0; round < count; round += 1) names.add(await whoAnswers(port));
  return [...names].toSorted();
}

/** Asks again and again, one connection at a time, until the answer is as wanted. */
export async function eventually<T>(
  ask: () => Promise<T>,
  wanted: (answer: T) => boolean,
  patienceMs = 15_000,
): Promise<T> {
  const deadlineMs = performance.now() + patienceMs;
  for (;;) {
    const answer = await ask();
    if (wanted(answer)) return answer;
    if (performance.now() > deadlineMs) throw new Error(`still ${JSON.stringify(answer)} after ${patienceMs} ms`);
  }
}
