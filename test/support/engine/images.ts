import { connect } from '../../../src/demo/engine-client.ts';
import { ensureBaseImage } from '../../../dev/images/base-image.ts';
import { programEntries } from '../../../dev/images/machine-files.ts';
import { importImage, type Entry } from '../../../dev/images/root-filesystem.ts';
import { buildSealaneImage, projectRoot } from '../../../dev/images/sealane-image.ts';
import type { AcquiredEngine } from '../../../dev/engine/acquire.ts';
import { busyboxEntries, required } from './busybox.ts';

/**
 * The images that the Docker tests start, all made from this machine's own files and this checkout.
 */
export interface TestImages {
  /** What the project's Dockerfile gives. */
  readonly sealane: string;
  /** Its base; undefined where it is the Dockerfile's default. */
  readonly base: string | undefined;
  /** busybox (sh, httpd, nc … listening within a millisecond) a real Redis server with its client, and nginx. */
  readonly tools: string;
}

export const sealaneImage = 'sealane:test';

export async function buildImages(engine: AcquiredEngine, onLine: (line: string) => void): Promise<TestImages> {
  const [tools, base] = await Promise.all([buildToolsImage(engine), buildSealane(engine, onLine)]);
  return { sealane: sealaneImage, base, tools };
}

async function buildSealane(engine: AcquiredEngine, onLine: (line: string) => void): Promise<string | undefined> {
  const base = await ensureBaseImage(engine.client);
  await buildSealaneImage(engine.client, projectRoot, {
    tag: sealaneImage,
    baseImage: base,
    hostNetwork: engine.private,
    onLine,
  });
  return base;
}

export async function buildToolsImage({ host }: AcquiredEngine): Promise<string> {
  // Debian's redis-check-rdb is the server under another name; it looks at the name it was called by.
  const redis = await required('redis-check-rdb');
  const entries: Entry[] = [
    ...(await busyboxEntries()),
    ...(await programEntries(redis, '/usr/bin/redis-server')),
    ...(await programEntries(await required('redis-cli'), '/usr/bin/redis-cli')),
    ...(await programEntries(await required('nginx'), '/usr/bin/nginx')),
    { kind: 'folder', path: '/tmp', mode: 0o1777 },
    { kind: 'folder', path: '/srv', mode: 0o777 },
    { kind: 'text', path: '/etc/passwd', text: 'root:x:0:0:root:/:/bin/sh\n' },
  ];
  return importImage(connect(host), 'sealane-test-tools', entries, ['ENV PATH=/usr/bin:/bin', 'CMD ["sh"]']);
}
