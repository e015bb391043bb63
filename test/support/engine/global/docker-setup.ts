import type { TestProject } from 'vitest/node';
import type { AcquiredEngine } from '../../../../dev/engine/acquire.ts';
import { installMissing } from '../../../../dev/machine/packages.ts';
import { removeSealaneImage } from '../../../../dev/images/sealane-image.ts';
import { buildImages, type TestImages } from '../images.ts';
import { acquireShared } from './shared-engine.ts';

/**
 * The global setup of the Docker tests: an engine, the programs that tests call, and the images. It fails with the
 * reason where no engine can be acquired. Everything is removed when the returned teardown, or this process, ends.
 */
declare module 'vitest' {
  export interface ProvidedContext {
    readonly images: TestImages;
  }
}

/** Real clients, and the oldest supported compose. */
const programs = [
  { program: 'docker-compose', debianPackage: 'docker-compose' },
  { program: 'curl', debianPackage: 'curl' },
  { program: 'promtool', debianPackage: 'prometheus' },
] as const;

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const startedMs = performance.now();
  const progress = (line: string): void => {
    process.stderr.write(`[engine ${((performance.now() - startedMs) / 1000).toFixed(1)} s] ${line}\n`);
  };
  await installMissing(programs, progress);
  const engine = await acquireShared(progress);
  try {
    progress(`using ${engine.host}; building images`);
    const before = await imageNames(engine);
    const images = await buildImages(engine, progress);
    progress('images are ready');
    project.provide('images', images);
    project.provide('engine', { name: 'Docker', host: engine.host, address: '127.0.0.1', inside: [] });
    return async () => {
      if (!engine.private) await removeImages(engine, images, before);
      await engine.release();
    };
  } catch (error) {
    await engine.release();
    throw error;
  }
}

async function imageNames({ client }: AcquiredEngine): Promise<Set<string>> {
  return new Set((await client.listImages()).flatMap((image) => image.RepoTags ?? []));
}

async function removeImages({ client }: AcquiredEngine, images: TestImages, before: Set<string>): Promise<void> {
  await removeSealaneImage(client, images.sealane);
  for (const name of [images.base, images.tools]) {
    if (name !== undefined && !before.has(name)) await client.getImage(name).remove();
  }
}
