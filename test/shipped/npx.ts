import assert from 'node:assert/strict';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '../../dev/machine/command.ts';
import { journey } from './journey.ts';
import { installNode } from './nodes.ts';
import { startRegistry } from './registry.ts';
import type { Place } from './place.ts';
import { type, type User } from './user.ts';

/** Packs the package, twice the same, publishes it to a registry of its own, and uses it from there with npx on each Node that is
 * supported, and one that is not. Installs these Nodes with npm. */
const lines = [20, 22, 24, 26];

export async function npx(place: Place): Promise<void> {
  const { folder, root, version, sees, engine, image } = place;
  const before = await shippedSources(root);
  const tarball = await pack(folder, version);
  assert.deepEqual(await shippedSources(root), before, 'packing changed package.json or README.md');
  const again = await pack(await place.emptyFolder(), version);
  assert.ok((await readFile(again)).equals(await readFile(tarball)), 'two packages of one checkout differ');
  const listed = (await run('tar', ['tzf', tarball])).trim().split('\n');
  const foreign = listed.filter(
    (file) => !/^package\/(?:dist\/|docs\/sealane\.1$|(?:package\.json|README\.md|LICENSE)$)/.test(file),
  );
  assert.deepEqual(foreign, [], 'the package has files that are not to be shipped');
  sees(`# ${listed.length} files, ${(await stat(tarball)).size} bytes packed`);

  await using registry = await startRegistry();
  const token = `--${registry.url.replace('http:', '')}:_authToken=anything`;
  await run('npm', ['publish', tarball, '--registry', registry.url, '--provenance=false', token], {
    timeoutMs: 60_000,
  });
  const published = registry.published().versions[version];
  assert.match(published?.homepage ?? '', /^https:\/\/github\.com\/.*#readme$/);
  assert.match(published?.bugs.url ?? '', /\/issues$/);

  for (const line of lines) {
    const node = await installNode(line, folder);
    const cache = join(folder, `cache-${line}`);
    const env = { npm_config_registry: registry.url, npm_config_cache: cache, npm_config_yes: 'true' };
    const user: User = {
      folder: await place.emptyFolder(),
      programs: node,
      env: { ...env, DOCKER_HOST: engine.host },
      sees,
    };
    await type(user, ['node', '--version']).ended;
    const sealane = ['npx', 'sealane'];
    if (line < 22) await isRefused(user);
    else await journey(user, { sealane, following: () => sealane }, version, image);
  }
}

async function pack(folder: string, version: string): Promise<string> {
  await run('npm', ['pack', '--silent', '--pack-destination', folder], { timeoutMs: 300_000 });
  return join(folder, `sealane-${version}.tgz`);
}

async function isRefused(user: User): Promise<void> {
  const { code, lines: seen } = await type(user, ['npx', 'sealane', '--version']).ended;
  const own = seen.filter((text) => !text.startsWith('npm '));
  assert.deepEqual([code, own.length], [1, 1]);
  assert.match(own[0] ?? '', /^sealane: needs Node 22\.12 or newer, and this is Node 20\.\d+\.\d+$/);
}

async function shippedSources(root: string): Promise<readonly string[]> {
  return Promise.all(['package.json', 'README.md'].map((file) => readFile(join(root, file), 'utf8')));
}
