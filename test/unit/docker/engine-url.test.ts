import { describe, expect, test } from 'vitest';
import { negotiate } from '../../../src/docker/dockerode/api-version.ts';
import { EngineError } from '../../../src/docker/engine.ts';
import { isLocal, parseEngineUrl } from '../../../src/docker/engine-url.ts';
import { tlsOfEnvironment } from '../../../src/docker/find/machine.ts';
import { defaultTls } from '../../../src/docker/tls-source.ts';

const machine = (environment: Readonly<Record<string, string>>) =>
  ({ environment, home: '/home/me', platform: 'linux' }) as const;

describe('an engine’s address', () => {
  test.each([
    ['unix:///var/run/docker.sock', { kind: 'socket', path: '/var/run/docker.sock' }, true],
    ['npipe:////./pipe/docker_engine', { kind: 'socket', path: '//./pipe/docker_engine' }, true],
    ['tcp://engine:2375', { kind: 'tcp', host: 'engine', port: 2375, tls: undefined }, false],
    ['tcp://engine', { kind: 'tcp', host: 'engine', port: 2375, tls: undefined }, false],
    ['tcp://engine:2376', { kind: 'tcp', host: 'engine', port: 2376, tls: defaultTls }, false],
    ['tcp://127.0.0.1:2375', { kind: 'tcp', host: '127.0.0.1', port: 2375, tls: undefined }, true],
    ['tcp://[::1]:2375', { kind: 'tcp', host: '::1', port: 2375, tls: undefined }, true],
    ['tcp://[fd00::5]:2375', { kind: 'tcp', host: 'fd00::5', port: 2375, tls: undefined }, false],
    ['http://engine:80', { kind: 'tcp', host: 'engine', port: 80, tls: undefined }, false],
    ['http://localhost:2375/', { kind: 'tcp', host: 'localhost', port: 2375, tls: undefined }, true],
    ['https://engine:2376', { kind: 'tcp', host: 'engine', port: 2376, tls: defaultTls }, false],
    ['https://engine', { kind: 'tcp', host: 'engine', port: 443, tls: defaultTls }, false],
    ['ssh://me@engine:2222', { kind: 'ssh', host: 'engine', port: 2222, user: 'me' }, false],
    ['ssh://engine', { kind: 'ssh', host: 'engine' }, false],
    ['ssh://engine/', { kind: 'ssh', host: 'engine' }, false],
    ['ssh://engine/run/a.sock', { kind: 'ssh', host: 'engine', path: '/run/a.sock' }, false],
  ])('%s is understood', (url, target, local) => {
    const parsed = parseEngineUrl(url);
    expect(parsed).toEqual(target);
    expect(isLocal(parsed)).toBe(local);
  });

  test('tcp:// means TLS when DOCKER_TLS_VERIFY is set, and then port 2376', () => {
    const tls = tlsOfEnvironment(machine({ DOCKER_TLS_VERIFY: '1' }));
    expect(parseEngineUrl('tcp://engine', tls)).toEqual({ kind: 'tcp', host: 'engine', port: 2376, tls });
    expect(parseEngineUrl('tcp://engine:9', tls)).toMatchObject({ port: 9, tls });
    expect(parseEngineUrl('http://engine:9', tls)).toMatchObject({ port: 9, tls: undefined });
    const unset = tlsOfEnvironment(machine({ DOCKER_TLS_VERIFY: '' }));
    expect(parseEngineUrl('tcp://engine', unset)).toMatchObject({ tls: undefined });
  });

  test.each([
    [{}, '/home/me/.docker', false],
    [{ DOCKER_CERT_PATH: '', DOCKER_CONFIG: '' }, '/home/me/.docker', false],
    [{ DOCKER_CONFIG: '/config' }, '/config', false],
    [{ DOCKER_CONFIG: '/config', DOCKER_CERT_PATH: '/certs' }, '/certs', true],
  ])('certificates come from where the docker command has them: %j', (environment, folder, isRequired) => {
    expect(tlsOfEnvironment(machine(environment))).toMatchObject({ folder, isRequired });
  });

  test.each([
    ['', 'use unix:'],
    ['docker', 'use unix:'],
    ['unix://', 'use unix:'],
    ['/var/run/docker.sock', 'did you mean unix:///var/run/docker.sock?'],
    ['localhost:2375', 'did you mean tcp://localhost:2375?'],
    ['10.0.0.1:2375', 'did you mean tcp://10.0.0.1:2375?'],
    ['ftp://engine', 'use unix:'],
    ['tcp://engine:2375/prefix', 'it may have a host and a port, and no path'],
    ['https://engine/docker', 'and no path'],
    ['tcp://me:secret@engine:2375', 'and no path, user'],
    ['tcp://engine:2375?a=b', 'and no path'],
    ['tcp://engine:2375#a', 'and no path'],
    ['ssh://me:secret@engine', 'ssh takes no password from an address'],
    ['ssh://engine?a=b', 'use unix:'],
    ['ssh://-oProxyCommand=id', 'its host or user begins with a dash'],
    ['ssh://-oProxyCommand=id@engine', 'its host or user begins with a dash'],
    // The shell of the other machine would read it.
    ['ssh://engine/run/$(id)/a.sock', 'the path of its socket has other characters than letters, digits'],
    ['ssh://engine/run/a b.sock', 'the path of its socket has other characters than letters, digits'],
    ['ssh://%zz@engine', 'use unix:'],
  ])('%j is refused with advice', (url, advice) => {
    expect(() => parseEngineUrl(url)).toThrow(EngineError);
    expect(() => parseEngineUrl(url)).toThrow(advice);
  });
});

describe('the API version', () => {
  test.each([
    ['1.41', '1.41'],
    ['1.52', '1.52'],
    ['1.60', '1.52'],
    ['2.0', '1.52'],
  ])('of an engine that offers %s is %s', (offered, spoken) => {
    expect(negotiate(offered)).toBe(spoken);
  });

  test.each(['', 'latest', '1.41; x', '1/../..'])('is never %j', (offered) => {
    expect(negotiate(offered)).toBeUndefined();
  });
});
