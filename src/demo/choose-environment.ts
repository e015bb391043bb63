import { version } from '../version.ts';
import { connect, imageExists, presentEngine } from './engine-client.ts';
import type { EnvironmentSpec, LocalEnvironmentSpec } from './environment.ts';

/**
 * Decides where the tour runs: on an engine that answers and has an image of Sealane, else on local processes. It
 * installs, pulls and builds nothing.
 */
export async function chooseEnvironment(image: string | undefined): Promise<EnvironmentSpec> {
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

function processes(reason: string): LocalEnvironmentSpec {
  const executable = process.argv[1];
  if (executable === undefined) throw new Error('cannot tell which executable to run');
  return { kind: 'processes', reason, command: [process.execPath, ...process.execArgv, executable] };
}
