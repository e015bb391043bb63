import { homedir } from 'node:os';
import { join } from 'node:path';
import Dockerode from 'dockerode';

/**
 * The engine client of the demo and the development tools. It can start containers, unlike Sealane's own read-only port
 * (docker/engine.ts).
 */
export type EngineClient = Dockerode;

const pingTimeoutMs = 3000;

/**
 * `host` has the form of DOCKER_HOST: unix://, npipe://, tcp:// or ssh://. TLS settings come from the DOCKER_
 * variables.
 */
export function connect(host: string): EngineClient {
  // `host` must be passed as undefined: otherwise docker-modem takes it from DOCKER_HOST and prefers it to the socket.
  const socket = /^(?:unix|npipe):\/\/(.+)$/.exec(host)?.[1];
  return socket === undefined ? new Dockerode() : new Dockerode({ socketPath: socket, host: undefined });
}

async function answers(host: string): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const tooLong = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), pingTimeoutMs);
  });
  const pong = Promise.resolve()
    .then(() => connect(host).ping())
    .then(
      () => true,
      () => false,
    );
  const answered = await Promise.race([pong, tooLong]);
  clearTimeout(timer);
  return answered;
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

/**
 * The address of an engine that answers, or undefined. Only DOCKER_HOST is tried where it is set; otherwise the sockets
 * of Docker, Docker Desktop and rootless Docker.
 */
export async function presentEngine(): Promise<string | undefined> {
  const configured = process.env['DOCKER_HOST'];
  const runtimeFolder = process.env['XDG_RUNTIME_DIR'];
  const candidates =
    configured !== undefined && configured !== ''
      ? [configured]
      : process.platform === 'win32'
        ? ['npipe:////./pipe/docker_engine']
        : [
            'unix:///var/run/docker.sock',
            `unix://${join(homedir(), '.docker/run/docker.sock')}`,
            ...(runtimeFolder === undefined ? [] : [`unix://${join(runtimeFolder, 'docker.sock')}`]),
          ];
  for (const host of candidates) if (await answers(host)) return host;
  return undefined;
}
