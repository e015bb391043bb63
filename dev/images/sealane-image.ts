import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { EngineClient } from '../../src/demo/engine-client.ts';
import { followProgress } from './follow-progress.ts';
import { treeEntries } from './machine-files.ts';
import { packEntries, type Entry } from './root-filesystem.ts';

/**
 * Builds Sealane's image from the project's own Dockerfile, with the engine's build call: no docker CLI, no BuildKit.
 */
export interface BuildOptions {
  readonly tag: string;
  /** The Dockerfile's own default when undefined. */
  readonly baseImage: string | undefined;
  /** Builds on the host's network: a private engine's own networks lead nowhere but to each other. */
  readonly hostNetwork: boolean;
  readonly onLine?: (line: string) => void;
  readonly signal?: AbortSignal;
}

/** The folder of this checkout, with the Dockerfile. */
export const projectRoot = fileURLToPath(new URL('../..', import.meta.url));

export async function buildSealaneImage(client: EngineClient, root: string, options: BuildOptions): Promise<void> {
  const stream = await client.buildImage(packEntries(await contextEntries(root)), {
    t: options.tag,
    rm: true,
    forcerm: true,
    buildargs: {
      ...(options.baseImage === undefined ? {} : { BASE_IMAGE: options.baseImage }),
      ...proxyArguments(),
    },
    ...(options.signal === undefined ? {} : { abortSignal: options.signal }),
    ...(options.hostNetwork ? { networkmode: 'host' } : {}),
  });
  await followProgress(client, stream, options.onLine);
}

/** Removes an image and what its build stage left behind. Layers that other images share stay. */
export async function removeSealaneImage(client: EngineClient, tag: string): Promise<void> {
  await client.getImage(tag).remove({ force: true });
  await client.pruneImages({ filters: { dangling: ['true'], label: ['dev.sealane.stage=build'] } });
}

async function contextEntries(root: string): Promise<Entry[]> {
  const ignore = await readFile(join(root, '.dockerignore'), 'utf8');
  const kept = new Set(ignore.split('\n').flatMap((line) => (line.startsWith('!') ? [line.slice(1)] : [])));
  return treeEntries(root, '/', (name) => kept.has(name));
}

/** What the engine predefines as build arguments; npm inside the build needs them where this machine does. */
function proxyArguments(): Record<string, string> {
  const names = ['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY', 'http_proxy', 'https_proxy', 'no_proxy'];
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = process.env[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}
