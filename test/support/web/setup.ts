import type { TestProject } from 'vitest/node';
import { installMissing } from '../../../dev/machine/packages.ts';
import { serveBrowser } from './browser.ts';
import { buildToolsImage, sealaneImage } from '../engine/images.ts';
import { acquireShared } from '../engine/global/shared-engine.ts';

/**
 * The global setup of the browser tests: an engine, Chromium, and the image of tools. In a run with the Docker tests both
 * use one engine.
 */
declare module 'vitest' {
  export interface ProvidedContext {
    /** The address of the browser that the tests share. */
    readonly browser: string;
  }
}

/** Makes a browser trust an authority. */
const programs = [{ program: 'certutil', debianPackage: 'libnss3-tools' }] as const;

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const progress = (line: string): void => void process.stderr.write(`[web] ${line}\n`);
  await installMissing(programs, progress);
  await using stack = new AsyncDisposableStack();
  const browser = stack.use(await serveBrowser());
  project.provide('browser', browser.address);
  const engine = await acquireShared(progress);
  try {
    const before = new Set((await engine.client.listImages()).flatMap((image) => image.RepoTags ?? []));
    const tools = await buildToolsImage(engine, progress);
    project.provide('engine', { name: 'Docker', host: engine.host, address: '127.0.0.1', inside: [] });
    project.provide('images', { tools, sealane: sealaneImage, base: undefined });
    const kept = stack.move();
    return async () => {
      await kept.disposeAsync();
      if (!engine.private && !before.has(tools)) await engine.client.getImage(tools).remove();
      await engine.release();
    };
  } catch (error) {
    await engine.release();
    throw error;
  }
}
