import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../../src/config/config-error.ts';
import { defaultBind } from '../../../src/config/default-bind.ts';
import { parseConfigFile } from '../../../src/config/file.ts';
import { loadConfig } from '../../../src/config/load.ts';

describe('the configuration file', () => {
  const parse = (text: string) => parseConfigFile(text, 'sealane.yaml');

  it('shows nothing of a name that a terminal would obey', () => {
    let told: unknown;
    try {
      parse('services: { "\\e[2J": { hold: 1x, upstreams: [":"], listen: 80 } }');
    } catch (error) {
      told = error;
    }
    const text = told instanceof ConfigError ? told.lines.join('\n') : '';
    expect(text).toContain('hold of \\u{1b}[2J must be');
    expect(text).not.toContain('\u001b');
  });

  it('holds settings by the names of their flags, and static services', () => {
    const file = parse(`
log-level: debug
workers: 2
services:
  db:
    listen: 5432
    upstreams: [localhost:15432, { target: "db.example:5432", weight: 3 }]
    balance: round-robin
    hold: 3s
`);
    expect(file.settings).toEqual({ 'log-level': 'debug', workers: 2 });
    expect(file.services).toEqual([
      {
        name: 'db',
        listen: [{ host: undefined, port: 5432, count: 1 }],
        upstreams: [
          { target: { host: 'localhost', port: 15_432 }, weight: 1 },
          { target: { host: 'db.example', port: 5432 }, weight: 3 },
        ],
        options: { balance: 'round-robin', hold: 3000 },
      },
    ]);
  });

  it('may have lists where labels have commas, ranges, and sockets', () => {
    const [service] = parse(`
services:
  web:
    listen: [7000-7001, "[::1]:7000-7001"]
    upstreams: [localhost:8000]
`).services;
    expect(service?.listen).toEqual([
      { host: undefined, port: 7000, count: 2 },
      { host: '::1', port: 7000, count: 2 },
    ]);
    const socket = parse('services:\n  db:\n    listen: unix:/run/a.sock\n    upstreams: [unix:/run/b.sock]\n')
      .services[0];
    expect([socket?.listen[0]?.host, socket?.upstreams[0]?.target.host]).toEqual([
      'unix:/run/a.sock',
      'unix:/run/b.sock',
    ]);
  });

  it('may be empty', () => {
    expect(parse('')).toEqual({ path: 'sealane.yaml', settings: {}, services: [] });
    expect(parse('services:\n').services).toEqual([]);
  });

  it.each([
    ['lgo-level: debug', 'sealane.yaml:1:1: unknown setting "lgo-level" (did you mean "log-level"?)'],
    ['a: [', 'sealane.yaml:1:5: Flow sequence in block collection must be sufficiently indented and end with a ]'],
    ['- a', 'sealane.yaml:1:1: must be a mapping of settings, such as `log-level: debug`'],
    ['workers: many', 'sealane.yaml:1:1: workers must be a whole number, 1-64, not "many"'],
    ['services: [a]', 'sealane.yaml:1:11: services must be a mapping from names to services'],
    [
      'services:\n  db:\n    upstreams: [a:1]',
      'sealane.yaml:2:3: service "db" has no listen address; add `listen: 5432`',
    ],
    [
      'services:\n  db:\n    listen: 1',
      'sealane.yaml:2:3: service "db" has no upstreams; add `upstreams: [localhost:8080]`',
    ],
    [
      'services:\n  db:\n    listen: 1\n    upstreams: [nope]',
      'sealane.yaml:4:5: upstream of db must be HOST:PORT or unix:/path, such as localhost:8080 or [::1]:8080, not "nope"',
    ],
    [
      'services:\n  db:\n    listen: 1-9\n    upstreams: [unix:/x]',
      'sealane.yaml:2:3: db listens on a range; a Unix socket has no ports',
    ],
    [
      'services:\n  db:\n    listen: 1-9\n    upstreams: [a:65530]',
      'sealane.yaml:2:3: the range of db would end at port 65538 of a',
    ],
    ['services:\n  db:\n    lisen: 1', 'sealane.yaml:3:5: unknown option "lisen" (did you mean "listen"?)'],
    ['services:\n  db:\n    tls: maybe', 'sealane.yaml:3:5: tls of db must be passthrough or terminate, not "maybe"'],
    [
      'services:\n  db:\n    tls.alpn: h2;http/1.1 x',
      'sealane.yaml:3:5: tls.alpn of db must be protocols such as h2, http/1.1, with commas between them, or off, not "h2;http/1.1 x" (did you mean "h2, http/1.1, x"?)',
    ],
    [
      'services:\n  db:\n    network: a',
      "sealane.yaml:3:5: network is a container's label; a static service has listen, upstreams and pool options",
    ],
  ])('with a mistake is refused in one line that says where: %j', (text, message) => {
    expect(() => parse(text)).toThrow(new ConfigError(message));
  });

  it('of any text is read, or refused with a ConfigError in one line', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        try {
          parse(text);
        } catch (error) {
          expect(error).toBeInstanceOf(ConfigError);
          expect(String(error)).not.toContain('\n');
        }
      }),
    );
  });
});

describe('settings', () => {
  it('are taken from flags, then the environment, then the file, then the defaults', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sealane-config-'));
    try {
      const config = join(folder, 'sealane.yaml');
      await writeFile(config, 'workers: 2\nscope: project\nlog-level: error\n');
      const { settings } = await loadConfig(
        { config, workers: '4' },
        { SEALANE_WORKERS: '3', SEALANE_LOG_LEVEL: 'debug', SEALANE_BIND: '' },
      );
      expect(settings).toMatchObject({
        workers: 4,
        'log-level': 'debug',
        scope: 'project',
        'label-prefix': 'sealane',
        bind: undefined,
      });
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('of an image are the weakest, and can be turned off', async () => {
    const image = { SEALANE_DEFAULT_ADMIN_SOCKET: '/dev/shm/s', SEALANE_DEFAULT_WORKERS: '2' };
    const read = async (environment: NodeJS.ProcessEnv): Promise<unknown[]> => {
      const { settings } = await loadConfig({}, { ...image, ...environment });
      return [settings['admin-socket'], settings.workers];
    };
    expect(await read({})).toEqual(['/dev/shm/s', 2]);
    expect(await read({ SEALANE_ADMIN_SOCKET: '/run/s', SEALANE_WORKERS: '3' })).toEqual(['/run/s', 3]);
    expect(await read({ SEALANE_ADMIN_SOCKET: 'off' })).toEqual([undefined, 2]);
    await expect(loadConfig({}, { SEALANE_DEFAULT_WORKERS: '0' })).rejects.toThrow(/^SEALANE_DEFAULT_WORKERS must be/);
  });

  it.each([
    [{ workers: '0' }, {}, '--workers must be a whole number, 1-64, not "0"'],
    [{}, { SEALANE_SCOPE: 'some' }, 'SEALANE_SCOPE must be all or project, not "some"'],
    [{}, { SEALANE_WORKRS: '1' }, 'unknown environment variable SEALANE_WORKRS (did you mean "SEALANE_WORKERS"?)'],
    [{ driver: 'fast' }, {}, '--driver must be auto, stream or splice, not "fast"'],
    [{ config: '/nowhere/sealane.yaml' }, {}, 'cannot read /nowhere/sealane.yaml: there is no such file'],
    [{ config: '/' }, {}, 'cannot read /: it is a directory; name the file itself'],
  ])('that are malformed are refused with their source: %j %j', async (flags, environment, message) => {
    await expect(loadConfig(flags, environment)).rejects.toThrow(new ConfigError(message));
  });
});

it('the admin address cannot be a socket, whose path has a setting of its own', async () => {
  await expect(loadConfig({ admin: 'unix:/run/a.sock' }, {})).rejects.toThrow(
    '--admin must be IP:port or off; for a Unix socket there is --admin-socket /run/a.sock',
  );
});

it('listeners without an address default to loopback on a host, and to all addresses in a container with its own network', () => {
  const root = '21 1 254:0 / / rw,relatime - ext4 /dev/vda rw\n';
  const hosts = '300 21 254:0 /var/lib/docker/containers/ab/hosts /etc/hosts rw - ext4 /dev/vda rw\n';
  const own = [interfaceOf('lo'), interfaceOf('eth0'), interfaceOf('docker')];
  expect(defaultBind(root, own)).toBe('127.0.0.1');
  expect(defaultBind(root + hosts, own)).toBe('0.0.0.0');
  expect(defaultBind(root + hosts, [])).toBe('0.0.0.0');
  expect(defaultBind('', own)).toBe('127.0.0.1');
  // On the host's network, a network card or the bridge of an engine is seen.
  expect(defaultBind(root + hosts, [...own, { name: 'enp3s0', hasDevice: true }])).toBe('127.0.0.1');
  for (const bridge of ['docker0', 'podman1', 'cni-podman0'])
    expect(defaultBind(root + hosts, [...own, interfaceOf(bridge)])).toBe('127.0.0.1');
});

function interfaceOf(name: string): { readonly name: string; readonly hasDevice: boolean } {
  return { name, hasDevice: false };
}
