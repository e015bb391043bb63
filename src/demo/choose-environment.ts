import { isSingleExecutable } from '../built/files.ts';
import { messageOf } from '../text/message-of.ts';
import { version } from '../version.ts';
import { imageExists, presentEngine, type PresentEngine } from './engine-client.ts';
import type { EnvironmentSpec, LocalEnvironmentSpec } from './environment.ts';

/**
 * Decides where the tour runs: on an engine that answers and has an image of Sealane, else on local processes. It
 * installs, pulls and builds nothing.
 */
export async function chooseEnvironment(image: string | undefined): Promise<EnvironmentSpec> {
  let engine: PresentEngine;
  try {
    engine = await presentEngine();
  } catch (error) {
    return processes(messageOf(error));
  }
  const { host, client } = engine;
  const names = image === undefined ? usualImages : [image];
  for (const name of names) if (await imageExists(client, name)) return { kind: 'engine', host, client, image: name };
  return processes(
    `the engine at ${host} has no image ${names[0]}: build it (docker build -t sealane .), or name one with --image`,
  );
}

/** The names that the README's commands and the compose file give to the image. */
const usualImages = ['sealane', `sealane:${version}`, 'sealane:local'];

function processes(reason: string): LocalEnvironmentSpec {
  if (isSingleExecutable()) return { kind: 'processes', reason, command: [process.execPath] };
  const executable = process.argv[1];
  if (executable === undefined) throw new Error('cannot tell which executable to run');
  return { kind: 'processes', reason, command: [process.execPath, ...process.execArgv, executable] };
}
