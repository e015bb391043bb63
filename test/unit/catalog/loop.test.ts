import { describe, expect, it } from 'vitest';
import { emptyCatalog, nextCatalog } from '../../../src/catalog/catalog.ts';
import { loopThrough } from '../../../src/catalog/swap/loop.ts';
import { parseAddress } from '../../../src/address/address.ts';
import { declaration, world } from '../../support/declared.ts';

const endpoint = (text: string) => parseAddress(text) ?? { host: '', port: 0 };
const at = (service: string, listen: string, upstream: string) => {
  const plain = declaration(service, { service });
  const { upstream: own } = plain;
  return { ...plain, listen: endpoint(listen), upstream: own && { ...own, endpoints: [endpoint(upstream)] } };
};

/** `front` leads to `api` through the port of `api`; `api` and `web` have containers. */
const services = [
  at('api', '0.0.0.0:8080', '10.0.0.1:80'),
  at('front', '127.0.0.1:9090', '127.0.0.1:8080'),
  at('web', '127.0.0.1:7070', '10.0.0.2:80'),
];
const published = [{ containerPort: 8080, hostIp: '', hostPort: 80 }];

function loopOf(service: string, address: string, { hosts = [] as readonly string[] } = {}): string | undefined {
  const input = { ...world(services), ...(hosts.length > 0 && { publishedPorts: published }) };
  const catalog = nextCatalog(emptyCatalog, input, 0);
  const own = new Set(['192.168.1.20']);
  return loopThrough({ service, endpoints: [endpoint(address)], own, hosts: new Set(hosts) }, catalog);
}

describe('a stand-in at an address of Sealane itself', () => {
  it.each([
    ['api', '127.0.0.1:8080', '0.0.0.0:8080'],
    ['api', '192.168.1.20:8080', '0.0.0.0:8080'],
    ['api', '127.0.0.1:9090', '127.0.0.1:9090'],
  ])('sends the clients of %s at %s back to it', (service, address, through) => {
    expect(loopOf(service, address)).toBe(through);
  });

  it.each([
    ['api', '127.0.0.1:3000', 'no port of Sealane'],
    ['api', '[::1]:8080', 'a port that is open for IPv4 only'],
    ['api', '192.168.1.99:8080', 'another machine'],
    ['api', '192.168.1.20:9090', 'a port that is open on another address only'],
    ['api', '127.0.0.1:7070', 'another service'],
    ['web', '127.0.0.1:8080', 'another service'],
  ])('does not for %s at %s: it is %s', (service, address) => {
    expect(loopOf(service, address)).toBeUndefined();
  });

  it('is found at the published port of its container, by the address of the host', () => {
    const hosts = ['172.17.0.1'];
    expect(loopOf('api', '172.17.0.1:80', { hosts })).toBe('0.0.0.0:8080');
    expect(loopOf('api', '172.17.0.1:8080', { hosts })).toBeUndefined();
  });
});
