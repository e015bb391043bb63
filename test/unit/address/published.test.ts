import { describe, expect, it } from 'vitest';
import { linkAddress, publishedAddresses, shownAddress } from '../../../src/address/published.ts';

const port = (hostIp: string, hostPort: number, containerPort = 80) => ({ hostIp, hostPort, containerPort });

describe('published addresses', () => {
  it.each([
    [
      'all of the port’s',
      [port('127.0.0.1', 8080), port('10.0.0.1', 80), port('', 1, 81)],
      ['127.0.0.1:8080', '10.0.0.1:80'],
    ],
    ['both families at once', [port('0.0.0.0', 8080), port('::', 8080)], ['0.0.0.0:8080']],
    [
      'IPv4 first, which `localhost` is everywhere, where a free port differs between families',
      [port('::', 32_768), port('0.0.0.0', 32_769)],
      ['0.0.0.0:32769', '[::]:32768'],
    ],
    ['on IPv6 alone', [port('::', 8080)], ['[::]:8080']],
    ['with an empty address', [port('', 8080)], ['0.0.0.0:8080']],
    ['none', [], []],
  ])('%s', (_title, ports, expected) => {
    const found = publishedAddresses({ host: '0.0.0.0', port: 80 }, ports);
    expect(found.map(({ host, port: at }) => `${host.includes(':') ? `[${host}]` : host}:${at}`)).toEqual(expected);
  });

  it.each(['127.0.0.1', '::1', 'unix:/run/x.sock'])('%s gets nothing from a published port', (host) => {
    expect(publishedAddresses({ host, port: 80 }, [port('0.0.0.0', 80)])).toEqual([]);
  });

  it('are shown with the address in the container, unless it is the same', () => {
    const own = { host: '0.0.0.0', port: 80 };
    expect(shownAddress(own, [port('127.0.0.1', 8080)])).toBe('127.0.0.1:8080 (0.0.0.0:80 in the container)');
    expect(shownAddress(own, [port('0.0.0.0', 80)])).toBe('0.0.0.0:80');
    expect(shownAddress(own, [])).toBe('0.0.0.0:80');
    expect(shownAddress(own, undefined)).toBe('0.0.0.0:80');
  });

  it('go into links as localhost, where they are all addresses', () => {
    expect(['0.0.0.0', '::', '10.0.0.1', '::1'].map((host) => linkAddress({ host, port: 80 }))).toEqual([
      'localhost:80',
      'localhost:80',
      '10.0.0.1:80',
      '[::1]:80',
    ]);
  });
});
