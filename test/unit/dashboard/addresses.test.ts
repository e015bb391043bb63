import { describe, expect, it } from 'vitest';
import type { ApiRoute } from '../../../src/admin/schema.ts';
import { addressesOf } from '../../../src/dashboard/data/addresses.ts';

const route = (more: Partial<ApiRoute> = {}): ApiRoute => ({
  listen: '127.0.0.1:80',
  selectors: [],
  names: [],
  open: true,
  port: 80,
  published: [],
  web: [],
  reason: null,
  ...more,
});
const http = (host: string | null, scheme: 'http' | 'https' = 'http') => [{ scheme, host }];

describe('the addresses of a route', () => {
  it('are plain text where nothing says that it is HTTP', () => {
    expect(addressesOf(route({ listen: '127.0.0.1:5432', port: 5432 }), 'localhost')).toEqual([
      { text: '127.0.0.1:5432', copied: '127.0.0.1:5432', href: undefined },
    ]);
  });

  it.each([
    ['a host on the usual port', route({ web: http('api.localhost') }), 'http://api.localhost/'],
    ['a host on another port', route({ port: 8080, web: http('api.localhost') }), 'http://api.localhost:8080/'],
    ['a host whose TLS Sealane ends', route({ port: 443, web: http('a.test', 'https') }), 'https://a.test/'],
    ['the address itself', route({ port: 8080, web: http(null) }), 'http://127.0.0.1:8080/'],
    ['any address, by the name of the page', route({ listen: '0.0.0.0:80', web: http(null) }), 'http://box.lan/'],
    ['an address of IPv6', route({ listen: '[::1]:81', port: 81, web: http(null) }), 'http://[::1]:81/'],
    [
      'the published port',
      route({ port: 8080, published: ['127.0.0.1:81'], web: http('a.test') }),
      'http://a.test:81/',
    ],
  ])('lead to %s', (_, one, href) => {
    const link = href.replace(/\/$/, '');
    expect(addressesOf(one, 'box.lan')).toEqual([{ text: link, copied: link, href }]);
  });

  it('are each shown once where two published addresses lead to the same URL', () => {
    const both = route({ port: 8080, published: ['0.0.0.0:80', '[::]:80'], web: http('a.test') });
    expect(addressesOf(both, 'localhost').map(({ text }) => text)).toEqual(['http://a.test']);
  });

  it('have no link while the port is not open, and none for a host that would lead elsewhere', () => {
    expect(addressesOf(route({ open: false, port: null, web: http('a.test') }), 'localhost')[0]?.href).toBeUndefined();
    for (const host of ['a@evil.test', 'evil.test/a', 'evil.test#', 'a b', 'javascript:1', '0x08.8.8.8', '2130706433'])
      expect(addressesOf(route({ web: http(host) }), 'localhost').map(({ href }) => href)).toEqual([undefined]);
  });

  it('have no link for a Unix socket', () => {
    const socket = route({ listen: 'unix:/run/x.sock', port: null, web: http(null) });
    expect(addressesOf(socket, 'localhost').map(({ href }) => href)).toEqual([undefined]);
  });

  it('copy the address that is published, not the one that leads to it', () => {
    expect(addressesOf(route({ port: 5432, published: ['127.0.0.1:15432'] }), 'localhost')).toEqual([
      { text: '127.0.0.1:15432→5432', copied: '127.0.0.1:15432', href: undefined },
    ]);
  });
});
