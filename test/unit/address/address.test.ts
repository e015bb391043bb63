import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { covers, formatAddress, isLoopback, isWildcard, overlap, parseAddress } from '../../../src/address/address.ts';
import { parseListen } from '../../../src/address/listen.ts';
import { parsePort } from '../../../src/address/port.ts';
import { addressRangesSchema, listenSchema, targetSchema, trustedSchema } from '../../../src/address/schemas.ts';

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
    expect(parseAddress(text)).toEqual(expected);
  });

  it('are parsed again from how they are printed', () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), fc.integer({ min: 1, max: 65_535 }), (host, port) => {
        expect(parseAddress(formatAddress({ host, port }))).toEqual({ host, port });
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

  it('to connect to need a port, unless they are sockets', () => {
    expect(targetSchema.safeParse('localhost:0').success).toBe(false);
    expect(targetSchema.parse('unix:/run/db.sock')).toEqual({ host: 'unix:/run/db.sock', port: 0 });
  });

  it.each([
    ['127.0.0.1:80', '127.0.0.1:80', true],
    ['127.0.0.1:80', '127.0.0.1:81', false],
    ['127.0.0.1:80', '127.0.0.2:80', false],
    ['0.0.0.0:80', '127.0.0.1:80', true],
    ['0.0.0.0:80', '[::1]:80', false],
    ['[::]:80', '127.0.0.1:80', true],
    ['[::]:80', '[::1]:80', true],
    ['127.0.0.1:0', '0.0.0.0:0', false],
    ['unix:/run/a', 'unix:/run/a', true],
    ['unix:/run/a', 'unix:/run/b', false],
  ])('%s and %s overlap, so that only one can be bound: %s', (one, other, isOverlap) => {
    const [a, b] = [parseAddress(one), parseAddress(other)];
    if (!a || !b) throw new Error('no addresses');
    expect([overlap(a, b), overlap(b, a)]).toEqual([isOverlap, isOverlap]);
  });

  it.each([
    ['[::]:80', '0.0.0.0:80', true],
    ['[::]:80', '127.0.0.1:80', true],
    ['[::]:80', '[::1]:80', true],
    ['0.0.0.0:80', '127.0.0.1:80', true],
    ['127.0.0.1:80', '127.0.0.1:80', true],
    ['0.0.0.0:80', '[::]:80', false],
    ['127.0.0.1:80', '0.0.0.0:80', false],
    ['0.0.0.0:80', '[::1]:80', false],
    ['[::]:80', '127.0.0.1:81', false],
    ['[::]:0', '0.0.0.0:0', false],
    ['unix:/run/a', 'unix:/run/a', true],
  ])('a socket on %s accepts the clients of %s: %s', (one, other, isCovered) => {
    const [wide, narrow] = [parseAddress(one), parseAddress(other)];
    if (!wide || !narrow) throw new Error('no addresses');
    expect(covers(wide, narrow)).toBe(isCovered);
  });

  it('are told apart as loopback, wildcard or neither', () => {
    expect(['127.0.0.1', '127.9.9.9', '::1', '10.0.0.1', '::', 'unix:/run/a'].filter(isLoopback)).toEqual([
      '127.0.0.1',
      '127.9.9.9',
      '::1',
    ]);
    expect(['0.0.0.0', '::', '::1', '127.0.0.1'].filter(isWildcard)).toEqual(['0.0.0.0', '::']);
  });
});

it('a port has one to five digits and is at most 65535', () => {
  expect(['0', '80', '65535', '65536', '', '-1', '1e3', ' 80', '000080'].map(parsePort)).toEqual([
    0,
    80,
    65_535,
    ...Array.from({ length: 6 }, () => undefined),
  ]);
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

  it('of trusted proxies may be all addresses or none', () => {
    expect(trustedSchema.parse('true')).toEqual(['0.0.0.0/0', '::/0']);
    expect(trustedSchema.parse('false')).toEqual([]);
    expect(trustedSchema.parse('172.16.0.0/12')).toEqual(['172.16.0.0/12']);
    expect(trustedSchema.safeParse('yes').error?.issues[0]?.message).toMatch(/^must be true, false, or addresses/);
  });
});
