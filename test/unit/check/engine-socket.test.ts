import { expect, it } from 'vitest';
import { enginesSchema } from '../../../src/config/engine-choice.ts';
import { socketNotMounted } from '../../../src/check/engine-socket.ts';
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

it.each([
  ['names no engine', { usesFile: false }, ['socket-not-mounted']],
  ['names one by DOCKER_HOST', { usesFile: false, dockerHost: 'unix:///run/docker.sock' }, ['socket-not-mounted']],
  ['names one that is no socket', { usesFile: false, dockerHost: 'tcp://engine:2375' }, []],
  ['names one by its context, whose files are elsewhere', { usesFile: false, dockerContext: 'vm' }, []],
  ['watches none', { usesFile: false, docker: 'none' }, []],
  ['sets one, whatever its file says', { usesFile: true, docker: 'unix:///x.sock' }, ['socket-not-mounted']],
  [
    'sets several, of which some are sockets',
    { usesFile: false, docker: 'a=unix:///x.sock,vm,ssh://far,unix:///y.sock' },
    ['socket-not-mounted', 'socket-not-mounted'],
  ],
  ['has a file, which may name another than DOCKER_HOST', { usesFile: true, dockerHost: 'unix:///x.sock' }, []],
])('a Sealane that %s may lack a mounted socket', (_, words, codes) => {
  expect(socketNotMounted(withoutMounts(words)).map(({ code }) => code)).toEqual(codes);
});
