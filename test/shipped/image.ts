import assert from 'node:assert/strict';
import { stat } from 'node:fs/promises';
import { buildSealane, sealaneImage } from '../support/engine/images.ts';
import { journey } from './journey.ts';
import type { Place } from './place.ts';

/**
 * Builds the image by the Dockerfile, twice, and uses it with the docker command, with the rights that the Dockerfile names.
 * The layers of both builds are the same: the image's id also has the time of the build, which this builder can't fix.
 */
export async function image(place: Place): Promise<void> {
  const { engine, version, sees } = place;
  const layers = async (): Promise<unknown> => (await engine.client.getImage(sealaneImage).inspect()).RootFS.Layers;
  await buildSealane(engine);
  const first = await layers();
  await buildSealane(engine, { fresh: true });
  assert.deepEqual(await layers(), first, 'two builds of one checkout differ');
  const socket = engine.host.replace('unix://', '');
  const { gid } = await stat(socket);
  const rights = ['--read-only', '--cap-drop', 'ALL', '--security-opt', 'no-new-privileges'];
  const engineAccess = ['--group-add', String(gid), '-v', `${socket}:/var/run/docker.sock:ro`];
  const docker = ['docker', 'run', '--rm', ...rights];
  await journey(
    { folder: await place.emptyFolder(), programs: undefined, env: { DOCKER_HOST: engine.host }, sees },
    {
      sealane: [...docker, '--network', 'host', sealaneImage],
      following: (port) => [...docker, ...engineAccess, '-p', `127.0.0.1:${port}:${port}`, sealaneImage],
    },
    version,
    place.image,
  );
}
