import { expect, it } from 'vitest';
import { enginesSchema } from '../../../src/config/engine-choice.ts';
import { socketNotMounted } from '../../../src/check/own-container/engine-socket.ts';
import type { SealaneService } from '../../../src/check/sealane-service.ts';

interface Words {
  readonly usesFile: boolean;
  readonly dockerHost?: string;
  readonly dockerContext?: string;
  readonly docker?: string;
}

/** Sealane's service in a compose file, without mounts, and with these words about the engine. */
function withoutMounts({ docker, ...words }: Words): SealaneService {
  const location = { file: 'compose.yaml', line: 1, column: 1 };
  const service = { name: 'sealane', mounts: [], usesApiSocket: false, location };
  const settings = docker === undefined ? {} : { docker: enginesSchema.parse(docker) };
  return { settings, service, dockerHost: undefined, ...words } as unknown as SealaneService;
}

const usual = '/var/run/docker.sock';

it.each([
  ['names no engine', { usesFile: false }, [`${usual}:${usual}`]],
  ['names one by DOCKER_HOST', { usesFile: false, dockerHost: 'unix:///run/x.sock' }, [`${usual}:/run/x.sock`]],
  ['names one that is no socket', { usesFile: false, dockerHost: 'tcp://engine:2375' }, []],
  ['names one by its context, whose files are elsewhere', { usesFile: false, dockerContext: 'vm' }, []],
  ['watches none', { usesFile: false, docker: 'none' }, []],
  ['sets one, whatever its file says', { usesFile: true, docker: 'unix:///x.sock' }, [`${usual}:/x.sock`]],
  [
    'sets several, of which some are sockets',
    { usesFile: false, docker: 'a=unix:///x.sock,vm,ssh://far,unix:///y.sock' },
    ['/x.sock:/x.sock', '/y.sock:/y.sock'],
  ],
  ['has a file, which may name another than DOCKER_HOST', { usesFile: true, dockerHost: 'unix:///x.sock' }, []],
])('a Sealane that %s may lack a mounted socket, each of its own engine', (_, words, mounts) => {
  const found = socketNotMounted(withoutMounts(words)).map(({ code, fix }) => ({ code, fix }));
  const fixes = mounts.map((mount) => `Add "${mount}:ro" to the volumes of sealane.`);
  expect(found).toEqual(fixes.map((fix) => ({ code: 'socket-not-mounted', fix })));
});
