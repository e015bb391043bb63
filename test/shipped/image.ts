import { stat } from 'node:fs/promises';
import { buildSealane, sealaneImage } from '../support/engine/images.ts';
import { journey } from './journey.ts';
import type { Place } from './place.ts';

/** Builds the image by the Dockerfile, and uses it with the docker command, with the rights that the Dockerfile names. */
export async function image(place: Place): Promise<void> {
  const { engine, version, sees } = place;
  await buildSealane(engine);
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
