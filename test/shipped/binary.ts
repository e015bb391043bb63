import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { binaryPath } from '../../dev/packaging/binary/path.ts';
import { run } from '../../dev/machine/command.ts';
import { journey } from './journey.ts';
import type { Place } from './place.ts';

/** Builds the single executable, puts it into a folder of the PATH, and uses it by its name. */
export async function binary(place: Place): Promise<void> {
  const { version, image, engine, sees } = place;
  await run('npm', ['run', '--silent', 'build:binary'], { timeoutMs: 300_000 });
  const programs = await place.emptyFolder();
  await copyFile(binaryPath, join(programs, 'sealane'));
  const user = { folder: await place.emptyFolder(), programs, env: { DOCKER_HOST: engine.host }, sees };
  await journey(user, { sealane: ['sealane'], following: () => ['sealane'] }, version, image);
}
