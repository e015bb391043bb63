import Dockerode from 'dockerode';
import { createEngineAgent } from '../docker/dockerode/connection.ts';
import type { EngineTarget } from '../docker/engine-url.ts';
import { findEngines } from '../docker/find/find-engines.ts';
import { thisMachine } from '../docker/find/machine.ts';
import { openEngine } from '../docker/find/open-engine.ts';

/**
 * The engine client of the demo and the development tools. It can start containers, unlike Sealane's own read-only port
 * (docker/engine.ts).
 */
export type EngineClient = Dockerode;

const pingDeadlineMs = 3000;

/**
 * `host` has the form of DOCKER_HOST: unix://, npipe://, tcp:// or ssh://. TLS settings come from the DOCKER_
 * variables.
 */
export function connect(host: string): EngineClient {
  // `host` must be passed as undefined: otherwise docker-modem takes it from DOCKER_HOST and prefers it to the socket.
  const socket = /^(?:unix|npipe):\/\/(.+)$/.exec(host)?.[1];
  return socket === undefined ? new Dockerode() : new Dockerode({ socketPath: socket, host: undefined });
}

export async function imageExists(client: EngineClient, name: string): Promise<boolean> {
  try {
    await client.getImage(name).inspect();
    return true;
  } catch (error) {
    if ((error as { statusCode?: number }).statusCode === 404) return false;
    throw error;
  }
}

/** An engine that answers. */
export interface PresentEngine {
  /** Its address, in the form of DOCKER_HOST. */
  readonly host: string;
  readonly client: EngineClient;
}

/** The engine that `sealane run` would watch. Rejects, where it does not answer, with one line that says what was tried. */
export async function presentEngine(): Promise<PresentEngine> {
  const [found] = await findEngines(undefined, thisMachine());
  if (!found) throw new Error('no engine was found');
  const engine = openEngine(found, { pingDeadlineMs });
  await engine.ping();
  const host = engine.endpoint;
  const { target } = found.addresses.find(({ url }) => url === host) ?? found.addresses[0];
  return { host, client: await connectTo(host, target) };
}

async function connectTo(host: string, target: EngineTarget): Promise<EngineClient> {
  if (target.kind === 'socket') return connect(host);
  const agent = await createEngineAgent(target, { ssh: ['ssh'] });
  // The agent opens the connections, never this path.
  const options = { socketPath: 'by-agent', host: undefined, agent };
  return new Dockerode(options);
}
