import assert from 'node:assert/strict';
import { copyFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { binaryPath } from '../../dev/packaging/binary/path.ts';
import { run } from '../../dev/machine/command.ts';
import { journey } from './journey.ts';
import type { Place } from './place.ts';

/** Builds the single executable, twice the same, puts it into a folder of the PATH, and uses it by its name. */
export async function binary(place: Place): Promise<void> {
  const { version, image, engine, sees } = place;
  await run('npm', ['run', '--silent', 'build:binary'], { timeoutMs: 300_000 });
  const first = await readFile(binaryPath);
  await run(process.execPath, [join(place.root, 'dev/packaging/binary/build.ts')], { timeoutMs: 300_000 });
  assert.ok((await readFile(binaryPath)).equals(first), 'two executables of one checkout differ');
  const programs = await place.emptyFolder();
  await copyFile(binaryPath, join(programs, 'sealane'));
  const user = { folder: await place.emptyFolder(), programs, env: { DOCKER_HOST: engine.host }, sees };
  await journey(user, { sealane: ['sealane'], following: () => ['sealane'] }, version, image);
}
