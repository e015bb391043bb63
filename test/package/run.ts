import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { acquireEngine } from '../../dev/engine/acquire.ts';
import { run } from '../../dev/machine/command.ts';
import { installMissing } from '../../dev/machine/packages.ts';
import { buildToolsImage } from '../support/engine/images.ts';
import { freePort } from '../support/sockets/free-port.ts';
import { installNode } from './nodes.ts';
import { startRegistry } from './registry.ts';
import { type, type User } from './user.ts';

/**
 * `npm run test:package`: packs the package, publishes it to a registry of its own, and uses it from there with npx, in an
 * empty folder, on each Node that is supported and one that is not: a relay to this machine, and a labelled container.
 * Prints what users see. Installs these Nodes with npm; needs a Docker engine, or root on Debian or Ubuntu.
 */
const lines = [20, 22, 24, 26];
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
const root = join(import.meta.dirname, '../..');
const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { readonly version: string };

await using kept = new AsyncDisposableStack();
const folder = await mkdtemp(join(tmpdir(), 'sealane-package-'));
kept.defer(() => rm(folder, { recursive: true, force: true }));
await installMissing([{ program: 'busybox', debianPackage: 'busybox-static' }], say);
const engine = kept.use(await acquireEngine({ allowPrivate: true, onProgress: say }));
const image = await buildToolsImage(engine);

const before = await files();
await run('npm', ['pack', '--silent', '--pack-destination', folder], { timeoutMs: 300_000 });
assert.deepEqual(await files(), before, 'packing changed package.json or README.md');
const tarball = join(folder, `sealane-${version}.tgz`);
const listed = (await run('tar', ['tzf', tarball])).trim().split('\n');
const foreign = listed.filter(
  (file) => !/^package\/(?:dist\/|docs\/sealane\.1$|(?:package\.json|README\.md|LICENSE)$)/.test(file),
);
assert.deepEqual(foreign, [], 'the package has files that are not to be shipped');
say(`${listed.length} files, ${(await stat(tarball)).size} bytes packed`);

const registry = kept.use(await startRegistry());
const token = `--${registry.url.replace('http:', '')}:_authToken=anything`;
await run('npm', ['publish', tarball, '--registry', registry.url, '--provenance=false', token], { timeoutMs: 60_000 });
const published = registry.published().versions[version];
assert.match(published?.homepage ?? '', /^https:\/\/github\.com\/.*#readme$/);
assert.match(published?.bugs.url ?? '', /\/issues$/);

for (const line of lines) {
  const home = join(folder, `user-${line}`);
  await mkdir(home);
  const user: User = {
    folder: home,
    node: await installNode(line, folder),
    env: { npm_config_registry: registry.url, npm_config_cache: join(folder, `cache-${line}`), npm_config_yes: 'true' },
  };
  say(`Node ${(await run(join(user.node, 'node'), ['--version'])).trim()}`);
  if (line < 22) await isRefused(user);
  else {
    await describesItself(user);
    await relays(user);
    await servesContainer(user);
  }
}
say('passed');

async function isRefused(user: User): Promise<void> {
  const { code, lines: seen } = await type(user, 'npx', ['sealane', '--version']).ended;
  const own = seen.filter((text) => !text.startsWith('npm '));
  assert.deepEqual([code, own.length], [1, 1]);
  assert.match(own[0] ?? '', /^sealane: needs Node 22\.12 or newer, and this is Node 20\.\d+\.\d+$/);
}

async function describesItself(user: User): Promise<void> {
  const { code, lines: seen } = await type(user, 'npx', ['sealane', '--version']).ended;
  assert.deepEqual([code, seen], [0, [version]]);
}

async function relays(user: User): Promise<void> {
  const server = createServer((_, response) => response.end('hello from localhost\n'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    await using sealane = type(user, 'npx', ['sealane', `localhost:${(server.address() as AddressInfo).port}`]);
    const port = /\d+$/.exec(await sealane.line(/^\S*\d+$/))?.[0];
    assert.equal(await curl(user, `http://127.0.0.1:${port}/`), 'hello from localhost\n');
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

async function servesContainer(user: User): Promise<void> {
  const port = await freePort();
  const container = await engine.client.createContainer({
    Image: image,
    Cmd: [
      'sh',
      '-c',
      'mkdir /tmp/www; echo hello from a container > /tmp/www/index.html; exec httpd -f -p 8080 -h /tmp/www',
    ],
    Labels: { 'package.listen': String(port), 'package.port': '8080' },
  });
  try {
    await container.start();
    const args = ['sealane', 'run', '--docker', engine.host, '--label-prefix', 'package', '--bind', '127.0.0.1'];
    await using sealane = type(user, 'npx', [...args, '--admin', 'off']);
    await sealane.line(/ is served on /);
    assert.equal(await curl(user, `http://127.0.0.1:${port}/`), 'hello from a container\n');
  } finally {
    await container.remove({ force: true });
  }
}

async function curl(user: User, url: string): Promise<string> {
  const { lines: seen } = await type(user, 'curl', ['--silent', '--show-error', url]).ended;
  return seen.map((text) => `${text}\n`).join('');
}

async function files(): Promise<readonly string[]> {
  return Promise.all(['package.json', 'README.md'].map((file) => readFile(join(root, file), 'utf8')));
}

function say(line: string): void {
  process.stdout.write(`# ${line}\n`);
}
