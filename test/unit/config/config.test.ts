import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addressRangesSchema, trustedSchema } from '../../../src/address/ranges.ts';
import { formatAddress, listenSchema, parseListen, parseTarget } from '../../../src/address/address.ts';
import { ConfigError } from '../../../src/config/config-error.ts';
import { defaultBind } from '../../../src/config/default-bind.ts';
import { didYouMean } from '../../../src/text/did-you-mean.ts';
import { formatDuration, parseDuration } from '../../../src/text/duration.ts';
import { parseConfigFile } from '../../../src/config/file.ts';
import { loadConfig } from '../../../src/config/load.ts';
import { hostNamesSchema, serverNamesSchema } from '../../../src/config/server-names.ts';

describe('durations', () => {
  it.each([
    ['250ms', 250],
    ['10s', 10_000],
    ['1.5s', 1500],
    ['15m', 900_000],
    ['1h', 3_600_000],
    ['0', 0],
  ])('%s is %i ms', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  it.each(['', '10', 's', '-1s', '10 s', '1e9h', '10d', 'Infinity'])('%j is none', (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });

  it('are shown as people write them', () => {
    expect([250, 10_000, 90_000, 5_400_000].map(formatDuration)).toEqual(['250ms', '10s', '1.5m', '1.5h']);
  });
});

describe('addresses', () => {
  it.each([
    ['5432', { host: undefined, port: 5432 }],
    [':5432', { host: undefined, port: 5432 }],
    ['127.0.0.1:80', { host: '127.0.0.1', port: 80 }],
    ['localhost:80', { host: '127.0.0.1', port: 80 }],
    ['[::1]:80', { host: '::1', port: 80 }],
    ['example.com:80', undefined],
    ['70000', undefined],
    ['::1:80', undefined],
    ['[0:0::1]:80', { host: '::1', port: 80 }],
    ['[fe80::1%eth0]:80', { host: 'fe80::1%eth0', port: 80 }],
    ['unix:/run/sealane/db.sock', { host: 'unix:/run/sealane/db.sock', port: 0 }],
    ['unix:/run/../etc/x', undefined],
    ['unix:/run//x', undefined],
    ['unix:run/x', undefined],
    ['unix:/run/x/', undefined],
    ['unix:/run/a b', undefined],
    [`unix:/${'x'.repeat(107)}`, undefined],
  ])('to listen on: %s', (text, expected) => {
    expect(parseListen(text)).toEqual(expected);
  });

  it.each([
    ['live-test.example:80', { host: 'live-test.example', port: 80 }],
    ['shop_db:5432', { host: 'shop_db', port: 5432 }],
    ['[fd00::1]:80', { host: 'fd00::1', port: 80 }],
    ['256.1.1.1:80', undefined],
    ['host', undefined],
    ['host:', undefined],
    ['ho st:80', undefined],
    ['[nonsense]:80', undefined],
    ['-x:80', undefined],
    ['unix:/run/db.sock', { host: 'unix:/run/db.sock', port: 0 }],
    ['unix:', undefined],
  ])('to connect to: %s', (text, expected) => {
    expect(parseTarget(text)).toEqual(expected);
  });

  it('are read back from how they are shown', () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), fc.integer({ min: 1, max: 65_535 }), (host, port) => {
        expect(parseTarget(formatAddress(host, port))).toEqual({ host, port });
      }),
    );
  });

  it('may be several, and ranges', () => {
    expect(listenSchema.parse('5432, [::1]:5432,unix:/run/db.sock')).toEqual([
      { host: undefined, port: 5432, count: 1 },
      { host: '::1', port: 5432, count: 1 },
      { host: 'unix:/run/db.sock', port: 0, count: 1 },
    ]);
    expect(listenSchema.parse('7000-7010,127.0.0.1:8000-8010')).toEqual([
      { host: undefined, port: 7000, count: 11 },
      { host: '127.0.0.1', port: 8000, count: 11 },
    ]);
    expect(listenSchema.parse('unix:/run/my-9')).toEqual([{ host: 'unix:/run/my-9', port: 0, count: 1 }]);
  });

  it.each([
    ['7010-7000', 'must have ranges from a lower to a higher port'],
    ['65000-65536', 'must have ranges from a lower to a higher port'],
    ['1-65535', 'must have at most 1024 ports in a range'],
    ['7000-7010,80', 'must have ranges of one length'],
    ['80,', 'must be a port, IP:port, a range of ports or unix:/path'],
    ['0', 'must be a port, IP:port, a range of ports or unix:/path'],
    ['0-5', 'must be a port, IP:port, a range of ports or unix:/path'],
    ['unix:/run/x,unix:/run/../y', 'must be a port, IP:port, a range of ports or unix:/path'],
  ])('that are malformed (%s) say what is wrong', (text, message) => {
    expect(listenSchema.safeParse(text).error?.issues[0]?.message).toContain(message);
  });

  it('default to loopback on a host and to all addresses in a container', () => {
    const root = '21 1 254:0 / / rw,relatime - ext4 /dev/vda rw\n';
    const hosts = '300 21 254:0 /var/lib/docker/containers/ab/hosts /etc/hosts rw - ext4 /dev/vda rw\n';
    expect(defaultBind(root)).toBe('127.0.0.1');
    expect(defaultBind(root + hosts)).toBe('0.0.0.0');
    expect(defaultBind('')).toBe('127.0.0.1');
  });
});

describe('names', () => {
  it.each([
    ['api.localhost', ['api.localhost']],
    ['API.localhost., *.Shop.localhost,api.localhost', ['api.localhost', '*.shop.localhost']],
    ['shop_db', ['shop_db']],
    ['10.0.0.1', ['10.0.0.1']],
    ['münchen.localhost', ['xn--mnchen-3ya.localhost']],
    ['*', ['*']],
  ])('%s', (text, names) => {
    expect(serverNamesSchema.parse(text)).toEqual(names);
    expect(hostNamesSchema.parse(text)).toEqual(names);
  });

  it('of HTTP hosts may be IPv6 addresses, and an address is the same however it is written', () => {
    expect(hostNamesSchema.parse('[::1], api.localhost, [0:0::1], [2001:DB8::A]')).toEqual([
      '[::1]',
      'api.localhost',
      '[2001:db8::a]',
    ]);
    expect(hostNamesSchema.parse('[::ffff:127.0.0.1]')).toEqual(['[::ffff:7f00:1]']);
  });

  it.each([
    ['::1', 'must have IPv6 addresses in brackets, as in [::1]'],
    ['[fe80::1%eth0]', 'must have IPv6 addresses such as [::1] in brackets'],
    ['[10.0.0.1]', 'must have IPv6 addresses such as [::1] in brackets'],
    ['[]', 'must have IPv6 addresses such as [::1] in brackets'],
    ['[::1]:8080', 'must be names without a port: clients that ask for any port are meant'],
    ['*.[::1]', 'must have * only in front of names: there is nothing beneath an address'],
    ['*[::1]', 'must have * only in front of names: there is nothing beneath an address'],
    ['*.0.0.1', 'must have * only in front of names: there is nothing beneath an address'],
    ['[*::1]', 'must have IPv6 addresses such as [::1] in brackets'],
  ])('of HTTP hosts are no other addresses: %j', (text, message) => {
    expect(hostNamesSchema.safeParse(text).error?.issues[0]?.message).toBe(message);
  });

  it.each([
    ['http://api.localhost', 'must be names such as api.localhost, without http:// or a path'],
    ['api.localhost:8080', 'must be names without a port: clients that ask for any port are meant'],
    ['api.*', 'must have * only in front, as in *.localhost'],
    ['a*.localhost', 'must have * only in front, as in *.localhost'],
    ['[::1]', 'must be names; TLS clients ask for no IPv6 addresses'],
    ['api..localhost', 'must be names such as api.localhost or *.localhost, with commas between them'],
    ['', 'must be names such as api.localhost or *.localhost, with commas between them'],
    ['a b', 'must be names such as api.localhost or *.localhost, with commas between them'],
    [Array.from({ length: 101 }, (_, index) => `a${index}`).join(), 'must be at most 100 names'],
  ])('that are malformed say what is wrong: %j', (text, message) => {
    expect(serverNamesSchema.safeParse(text).error?.issues[0]?.message).toBe(message);
  });

  it('of any kind are read or refused', () => {
    const pieces = fc
      .array(fc.constantFrom('ü', 'a', '.', '*', ':', '-', '\u2028', '💥', ','), { maxLength: 12 })
      .map((all) => all.join(''));
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.domain(), pieces), (text) => {
        const { data = [] } = serverNamesSchema.safeParse(text);
        for (const name of data) expect(serverNamesSchema.parse(name)).toEqual([name]);
      }),
    );
  });
});

describe('ranges of addresses', () => {
  it.each([
    ['10.0.0.0/8, fd00::/8', ['10.0.0.0/8', 'fd00::/8']],
    ['127.0.0.1,::1', ['127.0.0.1/32', '::1/128']],
    ['0.0.0.0/0', ['0.0.0.0/0']],
    ['::ffff:10.0.0.0/104, ::ffff:c0a8:107', ['10.0.0.0/8', '192.168.1.7/32']],
    ['::ffff:0:0/95', ['::ffff:0:0/95']],
  ])('%s', (text, ranges) => {
    expect(addressRangesSchema.parse(text)).toEqual(ranges);
  });

  it.each([
    '',
    '10.0.0.0/33',
    '::/129',
    '10.0.0/8',
    'localhost',
    '10.0.0.0/8/8',
    '10.0.0.0/',
    'fe80::1%eth0',
    '10.0.0.0/-1',
  ])('that are malformed are refused: %j', (text) => {
    expect(addressRangesSchema.safeParse(text).success).toBe(false);
  });

  it('of proxies that are believed may be everybody or nobody', () => {
    expect(trustedSchema.parse('true')).toEqual(['0.0.0.0/0', '::/0']);
    expect(trustedSchema.parse('false')).toEqual([]);
    expect(trustedSchema.parse('172.16.0.0/12')).toEqual(['172.16.0.0/12']);
    expect(trustedSchema.safeParse('yes').error?.issues[0]?.message).toMatch(/^must be true, false, or addresses/);
  });
});

describe('did you mean', () => {
  it('finds the near word and nothing far', () => {
    expect(didYouMean('lisen', ['listen', 'port'])).toBe('listen');
    expect(didYouMean('xyzzy', ['listen', 'port'])).toBeUndefined();
  });
});

describe('the configuration file', () => {
  const parse = (text: string) => parseConfigFile(text, 'sealane.yaml');

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
      'sealane.yaml:3:5: tls.alpn of db must be protocols such as h2, http/1.1, with commas between them, or off, not "h2;http/1.1 x"',
    ],
    [
      'services:\n  db:\n    network: a',
      "sealane.yaml:3:5: network is a container's label; a static service has listen, upstreams and pool options",
    ],
  ])('with a mistake is refused in one line that says where: %j', (text, message) => {
    expect(() => parse(text)).toThrow(new ConfigError(message));
  });

  it('of any text is read or refused, never anything else', () => {
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
  it('come from flags before environment before file before defaults', async () => {
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

it('the admin address is no socket: a path for one has a setting of its own', async () => {
  await expect(loadConfig({ admin: 'unix:/run/a.sock' }, {})).rejects.toThrow(
    '--admin must be IP:port or off; for a unix socket there is --admin-socket /run/a.sock',
  );
});
