import { existsSync } from 'node:fs';
import { mkdir, realpath, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { unixPath } from '../../../../src/address/address.ts';
import { placeSocket, type AllowedPlace } from '../../../../src/relay/driver/socket-place.ts';
import { tempFolder, type TempFolder } from '../../../support/temp-folder.ts';

/** `sockets/inner` and `sockets-not`, with links to both in `sockets`. */
async function furnished(): Promise<TempFolder & { readonly sockets: string }> {
  const folder = await tempFolder();
  const sockets = join(folder.path, 'sockets');
  await mkdir(join(sockets, 'inner'), { recursive: true });
  await mkdir(join(folder.path, 'sockets-not'));
  await symlink('inner', join(sockets, 'within'));
  await symlink('../sockets-not', join(sockets, 'out'));
  await symlink('out', join(sockets, 'inner/again'));
  return { ...folder, sockets };
}

function allowed(path: string, socketFolder: string): AllowedPlace {
  const place = placeSocket(`unix:${path}`, socketFolder);
  if (place.kind === 'refused') throw new Error(`${place.code}: ${place.message}`);
  return place;
}

it.each(['web.sock', 'inner/web.sock', 'within/web.sock'])('%s is in the folder, which is held open', async (file) => {
  await using folder = await furnished();
  const { host, release } = allowed(join(folder.sockets, file), `${folder.sockets}/`);
  const open = unixPath(host).replace(/\/web\.sock$/, '');
  const real = await realpath(join(folder.sockets, file.replace(/\/?web\.sock$/, '')));
  expect(await realpath(open)).toBe(real);
  release();
  expect(existsSync(open) && (await realpath(open)) === real).toBe(false);
});

it.each([
  ['out/web.sock', 'OUTSIDE_SOCKET_FOLDER'],
  ['none/web.sock', 'ENOENT'],
  ['inner/again/web.sock', 'ENOENT'],
])('%s is refused (%s)', async (file, code) => {
  await using folder = await furnished();
  expect(placeSocket(`unix:${join(folder.sockets, file)}`, folder.sockets)).toMatchObject({ kind: 'refused', code });
});

it('a path that is too long by way of the descriptor is resolved instead', async () => {
  await using folder = await furnished();
  const name = 'x'.repeat(95);
  const { host, release } = allowed(join(folder.sockets, 'within', name), folder.sockets);
  expect(unixPath(host)).toBe(join(await realpath(folder.sockets), 'inner', name));
  release();
});

it.each(['127.0.0.1', 'unix:/elsewhere/web.sock', 'unix:/sockets-not/web.sock'])('%s is not checked', (host) => {
  expect(placeSocket(host, '/sockets')).toMatchObject({ kind: 'allowed', host });
});
