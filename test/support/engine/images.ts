import { connect } from '../../../src/demo/engine-client.ts';
import { ensureBaseImage } from '../../../dev/images/base-image.ts';
import { programEntries } from '../../../dev/images/machine-files.ts';
import { importImage, type Entry } from '../../../dev/images/root-filesystem.ts';
import { buildSealaneImage, projectRoot } from '../../../dev/images/sealane-image.ts';
import type { AcquiredEngine } from '../../../dev/engine/acquire.ts';
import { installMissing } from '../../../dev/machine/packages.ts';
import { busyboxEntries, required } from './busybox.ts';

/**
 * Builds the images of the Docker tests from this machine's own files and this checkout.
 */
export interface TestImages {
  /** The image of the project's Dockerfile. */
  readonly sealane: string;
  /** The base image of `sealane`; undefined where it is the Dockerfile's default. */
  readonly base: string | undefined;
  /** An image with busybox (sh, httpd, nc …, which listen within a millisecond), Redis with its client, and nginx. */
  readonly tools: string;
}

export const sealaneImage = 'sealane:test';

/** The programs that the image of tools is made of. */
const toolsNeeds = [
  { program: 'redis-cli', debianPackage: 'redis-tools' },
  { program: 'busybox', debianPackage: 'busybox-static' },
  { program: 'nginx', debianPackage: 'nginx' },
] as const;

export async function buildImages(engine: AcquiredEngine, onProgress: (line: string) => void): Promise<TestImages> {
  const [tools, base] = await Promise.all([buildToolsImage(engine, onProgress), buildSealane(engine)]);
  return { sealane: sealaneImage, base, tools };
}

/** Builds `sealaneImage`. Resolves with the name of its base image; undefined where it is the Dockerfile's default. */
export async function buildSealane(
  engine: AcquiredEngine,
  { fresh = false }: { readonly fresh?: boolean } = {},
): Promise<string | undefined> {
  const base = await ensureBaseImage(engine.client);
  await buildSealaneImage(engine.client, projectRoot, {
    tag: sealaneImage,
    baseImage: base,
    hostNetwork: engine.private,
    fresh,
  });
  return base;
}

/** Installs what the image is made of where it is missing. */
export async function buildToolsImage(
  { host }: Pick<AcquiredEngine, 'host'>,
  onProgress: (line: string) => void = () => {},
): Promise<string> {
  await installMissing(toolsNeeds, onProgress);
  // Debian's redis-check-rdb is the same file as redis-server: the program acts by the name of its executable.
  const redis = await required('redis-check-rdb');
  const entries: Entry[] = [
    ...(await busyboxEntries()),
    ...(await programEntries(redis, '/usr/bin/redis-server')),
    ...(await programEntries(await required('redis-cli'), '/usr/bin/redis-cli')),
    ...(await programEntries(await required('nginx'), '/usr/bin/nginx')),
    { kind: 'folder', path: '/srv', mode: 0o777 },
    { kind: 'text', path: '/etc/passwd', text: 'root:x:0:0:root:/:/bin/sh\n' },
  ];
  return importImage(connect(host), 'sealane-test-tools', entries, ['ENV PATH=/usr/bin:/bin', 'CMD ["sh"]']);
}
