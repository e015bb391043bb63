import { expect, it } from 'vitest';
import { socketNotMounted } from '../../../src/check/engine-socket.ts';
import type { SealaneService } from '../../../src/check/sealane-service.ts';

/** Sealane's service in a compose file, without mounts, and with these words about the engine. */
function withoutMounts(words: { readonly usesFile: boolean; readonly dockerHost?: string }): SealaneService {
  const location = { file: 'compose.yaml', line: 1, column: 1 };
  const service = { name: 'sealane', mounts: [], usesApiSocket: false, location };
  return { settings: {}, service, dockerHost: undefined, ...words } as unknown as SealaneService;
}

it.each([
  ['names no engine', { usesFile: false }, ['socket-not-mounted']],
  ['names one by DOCKER_HOST', { usesFile: false, dockerHost: 'unix:///run/docker.sock' }, ['socket-not-mounted']],
  ['names one that is no socket', { usesFile: false, dockerHost: 'tcp://engine:2375' }, []],
  ['has a file, which may name another than DOCKER_HOST', { usesFile: true, dockerHost: 'unix:///x.sock' }, []],
])('a Sealane that %s may lack a mounted socket', (_, words, codes) => {
  expect(socketNotMounted(withoutMounts(words)).map(({ code }) => code)).toEqual(codes);
});
