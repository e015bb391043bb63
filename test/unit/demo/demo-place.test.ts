import { expect, test } from 'vitest';
import { demoPlace } from '../../../src/demo/demo-place.ts';

const here = { bind: '127.0.0.1', host: '127.0.0.1' };
const usual = '/var/run/docker.sock';

test.each([
  ['unix:///run/podman/podman.sock', { ...here, socket: '/run/podman/podman.sock' }],
  ['unix:///home/me/.docker/desktop/docker.sock', { ...here, socket: usual }],
  ['tcp://localhost:2375', { ...here, socket: usual }],
  ['tcp://10.9.8.7:2375', { bind: '', host: '10.9.8.7', socket: usual }],
  ['ssh://me@far', { bind: '', host: 'far.example', socket: usual }],
  ['ssh://far/run/user/1000/docker.sock', { bind: '', host: 'far.example', socket: '/run/user/1000/docker.sock' }],
  ['ssh://unknown', { bind: '', host: 'unknown', socket: usual }],
])('the demo on %s mounts the socket of that engine, and dials its machine', async (url, place) => {
  const machine = { home: '/home/me', platform: 'linux' } as const;
  const lookUp = async ({ host }: { readonly host: string }) => (host === 'far' ? 'far.example' : undefined);
  expect(await demoPlace(url, machine, lookUp)).toEqual(place);
});

test('the socket of a desktop engine has its usual path in the virtual machine', async () => {
  const place = await demoPlace('unix:///run/docker.sock', { home: '/Users/me', platform: 'darwin' });
  expect(place).toEqual({ ...here, socket: usual });
});
