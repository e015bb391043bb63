import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { socketToMount, usualSockets } from '../../../../src/docker/find/usual-sockets.ts';

test('the docs list the usual sockets, in the order in which they are tried', async () => {
  const page = await readFile(new URL('../../../../docs/engines.md', import.meta.url), 'utf8');
  const listed = [...page.matchAll(/^\| `([^`]+\.sock)` \|/gm)].map(([, path]) => path);
  const machine = { environment: { XDG_RUNTIME_DIR: '$XDG_RUNTIME_DIR' }, home: '~', platform: 'linux' } as const;
  expect(listed).toEqual(usualSockets(machine).map((url) => url.replace('unix://', '')));
});

test('without a folder for the sockets of this session, those of rootless engines are left out', () => {
  const urls = usualSockets({ environment: { XDG_RUNTIME_DIR: '' }, home: '/root', platform: 'linux' });
  expect(urls.filter((url) => url.includes('podman'))).toEqual(['unix:///run/podman/podman.sock']);
  expect(urls).toHaveLength(6);
});

test.each([
  ['Docker', ['/var/run/docker.sock', '/run/podman/podman.sock'], undefined],
  ['Podman', ['/run/podman/podman.sock'], '/run/podman/podman.sock'],
  ['rootless Docker', ['/run/user/1/docker.sock', '/run/podman/podman.sock'], '/run/user/1/docker.sock'],
  ['Docker Desktop beside Podman', ['/home/me/.docker/desktop/docker.sock', '/run/podman/podman.sock'], undefined],
  ['no engine', [], undefined],
])('the socket that a container needs is another than the usual one only of some engines: %s', (_, there, expected) => {
  const machine = { environment: { XDG_RUNTIME_DIR: '/run/user/1' }, home: '/home/me' };
  const isThere = (path: string): boolean => there.includes(path);
  expect(socketToMount({ ...machine, platform: 'linux' }, isThere)).toBe(expected);
  expect(socketToMount({ ...machine, platform: 'darwin' }, isThere)).toBeUndefined();
});
