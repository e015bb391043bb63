import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { usualSockets } from '../../../../src/docker/find/usual-sockets.ts';

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
