import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { EngineClient } from '../../src/demo/engine-client.ts';
import { followProgress } from './follow-progress.ts';
import { treeEntries } from './machine-files.ts';
import { packEntries, type Entry } from './root-filesystem.ts';

/**
 * Builds Sealane's image from the project's Dockerfile by the engine's build call, without the docker CLI or BuildKit.
 */
export interface BuildOptions {
  readonly tag: string;
  /** The base image. Undefined: the Dockerfile's default. */
  readonly baseImage: string | undefined;
  /** Builds on the host's network: the networks of a private engine have no way out of the machine. */
  readonly hostNetwork: boolean;
  /** Runs every step again, whatever the engine keeps of earlier builds. */
  readonly fresh?: boolean;
  readonly onLine?: (line: string) => void;
  readonly signal?: AbortSignal;
}

/** The root folder of this checkout, with the Dockerfile. */
export const projectRoot = fileURLToPath(new URL('../..', import.meta.url));

export async function buildSealaneImage(client: EngineClient, root: string, options: BuildOptions): Promise<void> {
  const stream = await client.buildImage(packEntries(await contextEntries(root)), {
    t: options.tag,
    rm: true,
    forcerm: true,
    nocache: options.fresh ?? false,
    buildargs: {
      ...(options.baseImage === undefined ? {} : { BASE_IMAGE: options.baseImage }),
      ...proxyArguments(),
    },
    ...(options.signal === undefined ? {} : { abortSignal: options.signal }),
    ...(options.hostNetwork ? { networkmode: 'host' } : {}),
  });
  await followProgress(client, stream, options.onLine);
}

/** Removes an image and the remains of its build stage. Layers that other images share stay. */
export async function removeSealaneImage(client: EngineClient, tag: string): Promise<void> {
  await client.getImage(tag).remove({ force: true });
  await client.pruneImages({ filters: { dangling: ['true'], label: ['dev.sealane.stage=build'] } });
}

async function contextEntries(root: string): Promise<Entry[]> {
  const ignore = await readFile(join(root, '.dockerignore'), 'utf8');
  const kept = new Set(ignore.split('\n').flatMap((line) => (line.startsWith('!') ? [line.slice(1)] : [])));
  return treeEntries(root, '/', (name) => kept.has(name));
}

/**
 * The proxy variables of this machine, which engines predefine as build arguments: npm needs them in the build, too.
 */
function proxyArguments(): Record<string, string> {
  const names = ['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY', 'http_proxy', 'https_proxy', 'no_proxy'];
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = process.env[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}
