import { fileURLToPath } from 'node:url';
import type { EnvironmentSpec } from '../src/demo/environment.ts';
import { runDemo, type Preparation } from '../src/demo/tour.ts';
import { acquireEngine, type AcquiredEngine } from './engine/acquire.ts';
import { ensureBaseImage } from './images/base-image.ts';
import { buildSealaneImage, projectRoot, removeSealaneImage } from './images/sealane-image.ts';
import { messageOf } from '../src/text/message-of.ts';

/**
 * `npm run demo`: runs the tour with an image of this checkout, on the Docker engine of this machine or else on a
 * private engine that is installed for it. Where neither is possible, the tour runs on local processes.
 */
const image = 'sealane:demo';

process.exitCode = await runDemo({ prepare, stdout: process.stdout });

async function prepare(preparation: Preparation): Promise<EnvironmentSpec> {
  const { output, signal, undo } = preparation;
  let engine: AcquiredEngine;
  try {
    engine = await output.step('getting a Docker engine', (detail) =>
      acquireEngine({ allowPrivate: true, onProgress: detail, signal }),
    );
  } catch (error) {
    signal.throwIfAborted();
    const executable = fileURLToPath(new URL('../dist/main.js', import.meta.url));
    const reason = messageOf(error);
    return { kind: 'processes', reason, command: [process.execPath, executable] };
  }
  undo.push(() => engine.release());
  await output.step('building the image from the Dockerfile', (detail) => buildImage(engine, preparation, detail));
  return { kind: 'engine', host: engine.host, client: engine.client, image };
}

async function buildImage(
  engine: AcquiredEngine,
  { signal, undo }: Preparation,
  onLine: (line: string) => void,
): Promise<void> {
  const { client } = engine;
  const before = new Set((await client.listImages()).flatMap(({ RepoTags }) => RepoTags ?? []));
  onLine('making a base image of this machine’s own files');
  const baseImage = await ensureBaseImage(client);
  // Only images on an engine that was already there are removed: a private engine disappears with its images.
  if (baseImage !== undefined && !before.has(baseImage) && !engine.private)
    undo.push(() => client.getImage(baseImage).remove());
  signal.throwIfAborted();
  if (!engine.private) undo.push(() => removeSealaneImage(client, image));
  await buildSealaneImage(client, projectRoot, {
    tag: image,
    baseImage,
    hostNetwork: engine.private,
    onLine,
    signal,
  });
}
