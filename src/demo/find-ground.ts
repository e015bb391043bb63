import { version } from '../version.ts';
import { connect, imageExists, presentEngine } from './engine-client.ts';
import type { Ground, ProcessGround } from './environment.ts';

/**
 * Decides where the tour takes place: on an engine that answers and holds an image of Sealane, else on local processes.
 * Nothing is installed, pulled or built.
 */
export async function findGround(image: string | undefined): Promise<Ground> {
  const host = await presentEngine();
  if (host === undefined) {
    const tried = process.env['DOCKER_HOST'] || 'the usual sockets';
    return processes(`no Docker engine answers at ${tried}: start Docker, or set DOCKER_HOST`);
  }
  const names = image === undefined ? usualImages : [image];
  const client = connect(host);
  for (const name of names) if (await imageExists(client, name)) return { kind: 'engine', host, image: name };
  return processes(
    `the engine at ${host} has no image ${names[0]}: build it (docker build -t sealane .), or name one with --image`,
  );
}

/** The names that the README's commands and the compose file give to the image. */
const usualImages = ['sealane', `sealane:${version}`, 'sealane:local'];

function processes(reason: string): ProcessGround {
  const executable = process.argv[1];
  if (executable === undefined) throw new Error('it is unknown which executable to run');
  return { kind: 'processes', reason, command: [process.execPath, ...process.execArgv, executable] };
}
