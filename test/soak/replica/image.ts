import { join } from 'node:path';
import type { AcquiredEngine } from '../../../dev/engine/acquire.ts';
import { ensureBaseImage } from '../../../dev/images/base-image.ts';
import { followProgress } from '../../../dev/images/follow-progress.ts';
import { packEntries, type Entry } from '../../../dev/images/root-filesystem.ts';

/** Builds the image of replica.ts from this checkout's sources, which Node runs as they are. */
const root = join(import.meta.dirname, '../../..');
const sources = ['test/soak/replica/replica.ts', 'src/cli/actions/whoami.ts', 'src/cli/stop-signals.ts'];

export interface ReplicaImage extends AsyncDisposable {
  readonly name: string;
}

export async function buildReplicaImage({ client }: AcquiredEngine): Promise<ReplicaImage> {
  const name = 'sealane-soak:replica';
  const base = await ensureBaseImage(client);
  const entries: Entry[] = [
    { kind: 'copy', path: '/Dockerfile', source: join(import.meta.dirname, 'Dockerfile') },
    { kind: 'text', path: '/package.json', text: '{ "type": "module" }\n' },
    ...sources.map((path) => ({ kind: 'copy' as const, path, source: join(root, path) })),
  ];
  const stream = await client.buildImage(packEntries(entries), {
    t: name,
    rm: true,
    forcerm: true,
    buildargs: base === undefined ? {} : { BASE_IMAGE: base },
  });
  await followProgress(client, stream);
  return { name, [Symbol.asyncDispose]: async () => void (await client.getImage(name).remove({ force: true })) };
}
