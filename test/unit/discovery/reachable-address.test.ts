import { describe, expect, it } from 'vitest';
import { formatAddress } from '../../../src/address/address.ts';
import { chooseAddresses, type AddressQuery } from '../../../src/discovery/reachable-address.ts';
import { containerFacts, inContainer } from '../../support/facts.ts';

const two = containerFacts({
  networking: {
    kind: 'networks',
    attachments: [
      { name: 'shop_zeta', networkId: 'z', ipv4: '10.0.2.5' },
      { name: 'shop_alpha', networkId: 'a', ipv4: '10.0.1.5' },
    ],
  },
});

const plain = {
  facts: two,
  port: 80,
  reach: { kind: 'host' },
  network: undefined,
  project: 'shop',
  parent: undefined,
} as const;

function choose(over: Partial<AddressQuery>): string {
  const choice = chooseAddresses({ ...plain, ...over });
  return choice.kind === 'found'
    ? choice.endpoints.map(formatAddress).join(' ')
    : choice.kind === 'none'
      ? choice.code
      : choice.kind;
}

function directOf(over: Partial<AddressQuery>): unknown[] {
  const choice = chooseAddresses({ ...plain, ...over });
  return choice.kind === 'found' ? choice.endpoints.map(({ isDirect }) => isDirect) : [];
}

const inside = (ids: readonly string[], gateway?: string) =>
  inContainer(ids, gateway === undefined ? {} : { gateway }).reach;

describe('the address of a container', () => {
  it('on several networks may be any of them, in the order of their names, whatever order the engine lists them in', () => {
    expect(choose({})).toBe('10.0.1.5:80 10.0.2.5:80');
    const turned = containerFacts({
      networking: { kind: 'networks', attachments: [...attachmentsOf(two)].toReversed() },
    });
    expect(choose({ facts: turned })).toBe('10.0.1.5:80 10.0.2.5:80');
  });

  it('may be of either family, IPv4 first', () => {
    const attachments = attachmentsOf(two).map((one, index) => ({ ...one, ipv6: `fd00::${index + 1}` }));
    const dual = containerFacts({ networking: { kind: 'networks', attachments } });
    expect(choose({ facts: dual })).toBe('10.0.1.5:80 10.0.2.5:80 [fd00::2]:80 [fd00::1]:80');
    expect(choose({ facts: dual, network: 'zeta' })).toBe('10.0.2.5:80 [fd00::1]:80');
    expect(choose({ facts: dual, reach: inside(['z']) })).toBe('10.0.2.5:80 [fd00::1]:80');
  });

  it('on a macvlan, ipvlan or overlay network comes last on a host, which can’t reach it by itself, and may be routed there', () => {
    const zeta = { name: 'shop_zeta', networkId: 'z', ipv4: '10.0.2.5', ipv6: 'fd00::z' };
    const alpha = { name: 'shop_alpha', networkId: 'a', ipv4: '10.0.1.5', ipv6: 'fd00::a' };
    for (const driver of ['macvlan', 'ipvlan', 'overlay']) {
      const attachments = [
        { ...alpha, driver },
        { ...zeta, driver: 'bridge' },
      ];
      const facts = containerFacts({ networking: { kind: 'networks', attachments } });
      expect(choose({ facts })).toBe('10.0.2.5:80 [fd00::z]:80 10.0.1.5:80 [fd00::a]:80');
      expect(directOf({ facts })).toEqual([true, true, undefined, undefined]);
      expect(choose({ facts, network: 'alpha' })).toBe('10.0.1.5:80 [fd00::a]:80');
      expect(directOf({ facts, network: 'alpha' })).toEqual([undefined, undefined]);
      // In a container on such a network, Sealane is one of its members.
      expect(choose({ facts, reach: inside(['a', 'z']) })).toBe('10.0.1.5:80 10.0.2.5:80 [fd00::a]:80 [fd00::z]:80');
      expect(directOf({ facts, reach: inside(['a']) })).toEqual([true, true]);
    }
  });

  it('is on a network shared with Sealane when Sealane is in a container', () => {
    expect(choose({ reach: inside(['z', 'other']) })).toBe('10.0.2.5:80');
  });

  it('is not guessed when no network is shared', () => {
    expect(choose({ reach: inside(['other']) })).toBe('no-shared-network');
  });

  it('is a port published on all addresses, through the gateway, when no network is shared', () => {
    const published = containerFacts({
      ...two,
      publishedPorts: [{ containerPort: 80, hostIp: '0.0.0.0', hostPort: 32_768 }],
    });
    expect(choose({ facts: published, reach: inside(['other'], '172.18.0.1') })).toBe('172.18.0.1:32768');
    const local = containerFacts({
      ...two,
      publishedPorts: [{ containerPort: 80, hostIp: '127.0.0.1', hostPort: 32_768 }],
    });
    expect(choose({ facts: local, reach: inside(['other'], '172.18.0.1') })).toBe('no-shared-network');
  });

  it('is on the network that the label names, by full or by compose name', () => {
    expect(choose({ network: 'shop_zeta' })).toBe('10.0.2.5:80');
    expect(choose({ network: 'zeta' })).toBe('10.0.2.5:80');
    expect(choose({ network: 'zeta', reach: inside(['a']) })).toBe('no-shared-network');
    expect(choose({ network: 'omega' })).toBe('not-on-network');
  });

  it('is IPv6 where the network has nothing else', () => {
    const six = containerFacts({
      networking: { kind: 'networks', attachments: [{ name: 'n', networkId: 'n', ipv6: 'fd00::5' }] },
    });
    expect(choose({ facts: six })).toBe('[fd00::5]:80');
  });

  it('is waited for while its network is being set up', () => {
    const early = containerFacts({ networking: { kind: 'networks', attachments: [{ name: 'n', networkId: 'n' }] } });
    expect(choose({ facts: early })).toBe('not-yet');
  });

  it('on the host network is loopback from the host and the gateway from a container', () => {
    const host = containerFacts({ networking: { kind: 'host' } });
    expect(choose({ facts: host })).toBe('127.0.0.1:80');
    expect(choose({ facts: host, reach: inside(['a'], '172.18.0.1') })).toBe('172.18.0.1:80');
    expect(choose({ facts: host, reach: inside(['a']) })).toBe('no-shared-network');
  });

  it("in another container's network is that container's, unless it restarted since", () => {
    const child = containerFacts({ networking: { kind: 'container', of: two.id }, startedAtNs: two.startedAtNs + 1n });
    expect(choose({ facts: child, parent: two })).toBe('10.0.1.5:80 10.0.2.5:80');
    expect(choose({ facts: child, parent: containerFacts({ ...two, startedAtNs: child.startedAtNs + 1n }) })).toBe(
      'namespace-lost',
    );
    expect(choose({ facts: child })).toBe('namespace-lost');
  });

  it('is direct on a network that Sealane is on, and nowhere else', () => {
    const published = containerFacts({ ...two, publishedPorts: [{ containerPort: 80, hostIp: '', hostPort: 8000 }] });
    const facts = published;
    expect(directOf({ facts })).toEqual([true, true]);
    expect(directOf({ facts, reach: inside(['z']) })).toEqual([true]);
    expect(directOf({ facts, reach: inside(['other'], '172.18.0.1') })).toEqual([undefined]);
    expect(directOf({ facts, reach: { kind: 'published', host: '192.0.2.7' } })).toEqual([undefined]);
    expect(directOf({ facts: containerFacts({ networking: { kind: 'host' } }) })).toEqual([undefined]);
  });

  it('is a published port when the engine is on another machine', () => {
    const reach = { kind: 'published', host: '192.0.2.7' } as const;
    expect(choose({ reach })).toBe('no-address');
    const published = containerFacts({ ...two, publishedPorts: [{ containerPort: 80, hostIp: '', hostPort: 8000 }] });
    expect(choose({ facts: published, reach })).toBe('192.0.2.7:8000');
  });

  it('without any network is a problem', () => {
    expect(choose({ facts: containerFacts({ networking: { kind: 'none' } }) })).toBe('no-address');
  });
});

function attachmentsOf(facts: typeof two) {
  return facts.networking.kind === 'networks' ? facts.networking.attachments : [];
}
