import Dockerode from 'dockerode';
import { createEngineAgent } from '../docker/dockerode/connection.ts';
import { openDockerode } from '../docker/dockerode/open-dockerode.ts';
import { withoutDockerHost } from '../docker/dockerode/without-docker-host.ts';
import { findEngines } from '../docker/find/find-engines.ts';
import { thisMachine } from '../docker/find/machine.ts';
import { openEngine } from '../docker/find/open-engine.ts';

/**
 * The engine client of the demo and the development tools. It can start containers, unlike Sealane's own read-only port
 * (docker/engine.ts).
 */
export type EngineClient = Dockerode;

const pingDeadlineMs = 3000;

/** The client of the engine at a socket: `url` is a unix:// or npipe:// one. */
export function connect(url: string): EngineClient {
  const socketPath = /^(?:unix|npipe):\/\/(.+)$/.exec(url)?.[1];
  if (socketPath === undefined) throw new Error(`${url} is not the address of a socket`);
  return withoutDockerHost(() => new Dockerode({ socketPath }));
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

/**
 * The engine that `sealane run` would watch without the setting `docker`. Rejects, where it does not answer, with one line
 * that says what was tried.
 */
export async function presentEngine(): Promise<PresentEngine> {
  const [found] = await findEngines(undefined, thisMachine());
  if (!found) throw new Error('no engine was found');
  const engine = openEngine(found, { pingDeadlineMs });
  await engine.ping();
  const host = engine.endpoint;
  const { target } = found.addresses.find(({ url }) => url === host) ?? found.addresses[0];
  return { host, client: await openDockerode(target, await createEngineAgent(target, { ssh: ['ssh'] })) };
}
