import { describe, expect, it } from 'vitest';
import { formatAddress } from '../../../../src/address/address.ts';
import { chooseAddresses, type AddressQuery } from '../../../../src/discovery/addresses/reachable.ts';
import type { ContainerFacts } from '../../../../src/docker/facts.ts';
import { containerFacts, inContainer } from '../../../support/facts.ts';

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
  hasRoute: () => true,
  isRouted: () => false,
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

function proxiesOf(over: Partial<AddressQuery>): unknown[] {
  const choice = chooseAddresses({ ...plain, ...over });
  return choice.kind === 'found' ? choice.endpoints.map(({ viaPortProxy }) => viaPortProxy) : [];
}

function wayOf(over: Partial<AddressQuery>): string | undefined {
  const choice = chooseAddresses({ ...plain, ...over });
  return choice.kind === 'found'
    ? choice.publishedBecause
    : choice.kind === 'none'
      ? `${choice.message}; ${choice.fix}`
      : undefined;
}

function publishedAt(...hostIps: readonly string[]) {
  const publishedPorts = hostIps.map((hostIp, index) => ({ containerPort: 80, hostIp, hostPort: 8000 + index }));
  return containerFacts({ ...two, publishedPorts });
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

  it('is proved by its process, its network card or the engine, where that one may tell of its end too late', () => {
    const attachments = attachmentsOf(two).map((one, index) => ({
      ...one,
      ipv6: `fd00::${index}`,
      hardware: `7e:cc:10:aa:6b:a${index}`,
    }));
    const publishedPorts = [{ containerPort: 80, hostIp: '0.0.0.0', hostPort: 32_768 }];
    const late = containerFacts({
      networking: { kind: 'networks', attachments },
      publishedPorts,
      isLate: true,
      startedAtNs: 7n,
    });
    const proofsOf = (facts: ContainerFacts, over: Partial<AddressQuery> = {}): unknown => {
      const choice = chooseAddresses({ ...plain, facts, ...over });
      return choice.kind === 'found' ? choice.endpoints.map(({ proof }) => proof) : choice;
    };
    const cards = [1, 0].map((index) => ({ kind: 'card', hardware: `7e:cc:10:aa:6b:a${index}` }));
    const engine = { kind: 'engine', run: `${late.id}@7` };
    expect(proofsOf(late)).toEqual([...cards, engine, engine]);
    expect(proofsOf(late, { reach: inside(['z']) })).toEqual([cards[1], engine]);
    expect(proofsOf(late, { reach: inside(['other'], '172.18.0.1') })).toEqual([engine]);
    const seen = { ...late, process: 4711 };
    const namespace = { kind: 'namespace', pid: 4711 };
    expect(proofsOf(seen)).toEqual([namespace, namespace, namespace, namespace]);
    expect(proofsOf(seen, { reach: inside(['other'], '172.18.0.1') })).toEqual([{ kind: 'process', pid: 4711 }]);
    // All containers on an ipvlan have one card.
    const ipvlan = { kind: 'networks', attachments: attachments.map((one) => ({ ...one, driver: 'ipvlan' })) } as const;
    expect(proofsOf({ ...late, networking: ipvlan }, { reach: inside(['z']) })).toEqual([engine, engine]);
    const { isLate: _, ...prompt } = late;
    expect(proofsOf(prompt, { reach: inside(['other'], '172.18.0.1') })).toEqual([undefined]);
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
    expect(proxiesOf({ facts: published, reach: inside(['other'], '172.18.0.1') })).toEqual([true]);
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
    // Docker lets a network have any name, and the fix is a command to paste.
    const evil = containerFacts({
      networking: { kind: 'networks', attachments: [{ name: "x'; $(id)", networkId: 'x', ipv4: '10.0.3.5' }] },
    });
    expect(wayOf({ facts: evil, network: "x'; $(id)", reach: inside(['a']) })).toContain(
      String.raw`docker network connect 'x'\''; $(id)' <sealane's container>`,
    );
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

  it('without any network is a problem', () => {
    expect(choose({ facts: containerFacts({ networking: { kind: 'none' } }) })).toBe('no-address');
  });
});

describe('the published port of a container', () => {
  const noNetwork = { kind: 'networks', attachments: [] } as const;

  it('is not used on the host while the container’s own address has a route', () => {
    expect(choose({ facts: publishedAt('0.0.0.0') })).toBe('10.0.1.5:80 10.0.2.5:80');
    const oneRoute = (address: string) => address === '10.0.2.5';
    expect(choose({ facts: publishedAt('0.0.0.0'), hasRoute: oneRoute })).toBe('10.0.1.5:80 10.0.2.5:80');
  });

  it('is the way on the host where no address of the container has a route', () => {
    const lost = { facts: publishedAt('0.0.0.0', '::'), hasRoute: () => false };
    expect(choose(lost)).toBe('127.0.0.1:8000');
    expect(proxiesOf(lost)).toEqual([true]);
    expect(wayOf(lost)).toBe('since Sealane is on no network with 10.0.1.5, 10.0.2.5');
    expect(choose({ ...lost, network: 'zeta' })).toBe('127.0.0.1:8000');
  });

  it('is advised where no address has a route and nothing is published', () => {
    const choice = chooseAddresses({ ...plain, hasRoute: () => false });
    expect(choose({ hasRoute: () => false })).toBe('10.0.1.5:80 10.0.2.5:80');
    expect(choice).toMatchObject({ unrouted: ['10.0.1.5', '10.0.2.5'] });
    expect(choice).toMatchObject({ advice: expect.stringContaining('Publish its port (ports: ["80"])') as string });
  });

  it('comes before addresses that only a router may lead to', () => {
    const attachments = [{ name: 'far', networkId: 'f', driver: 'overlay', ipv4: '10.9.0.5' }];
    const far = { ...publishedAt(''), networking: { kind: 'networks', attachments } as const };
    const routed = { hasRoute: () => false, isRouted: () => true };
    expect(choose({ facts: far, ...routed })).toBe('127.0.0.1:8000 10.9.0.5:80');
    expect(choose({ facts: far })).toBe('10.9.0.5:80');
  });

  it('is the way on the host to a container without networks, as of an engine that does not tell it is rootless', () => {
    const facts = { ...publishedAt(''), networking: noNetwork };
    expect(choose({ facts })).toBe('127.0.0.1:8000');
    expect(wayOf({ facts })).toBe('since it is attached to no network');
    expect(choose({ facts: containerFacts({ networking: noNetwork }) })).toBe('no-address');
  });

  it.each([
    ['all addresses', ['0.0.0.0', '::'], '127.0.0.1:8000'],
    ['all addresses, as Podman writes it', [''], '127.0.0.1:8000'],
    ['all IPv6 addresses', ['::'], '[::1]:8000'],
    ['IPv4 loopback', ['127.0.0.1'], '127.0.0.1:8000'],
    ['IPv6 loopback', ['::1'], '[::1]:8000'],
    ['one interface', ['192.168.7.5'], '192.168.7.5:8000'],
    ['both loopbacks', ['::1', '127.0.0.1'], '127.0.0.1:8001 [::1]:8000'],
    ['what is no address', ['no-address'], 'no-address'],
  ])('on %s of this machine is dialed there', (_, hostIps, dialed) => {
    const reach = { kind: 'published', host: '127.0.0.1', because: 'rootless' } as const;
    expect(choose({ facts: publishedAt(...hostIps), reach })).toBe(dialed);
  });

  it.each([
    ['all addresses', ['0.0.0.0', '::'], ['192.0.2.7', 'fd00::7'], '192.0.2.7:8000'],
    ['all IPv4 addresses', ['0.0.0.0'], ['fd00::7'], 'no-address'],
    ['all IPv6 addresses', ['::'], ['192.0.2.7', 'fd00::7'], '[fd00::7]:8000'],
    ['all addresses of an IPv6 host', [''], ['fd00::7'], '[fd00::7]:8000'],
    ['loopback', ['127.0.0.1', '::1'], ['192.0.2.7'], 'no-address'],
    ['the interface that is dialed', ['192.0.2.7'], ['192.0.2.7'], '192.0.2.7:8000'],
    // That address may be another machine's here.
    ['another interface', ['10.1.1.1'], ['192.0.2.7'], 'no-address'],
  ])('on %s of another machine is dialed at the addresses of that machine', (_, hostIps, addresses, dialed) => {
    const reach = { kind: 'published', host: 'far.example', addresses } as const;
    expect(choose({ facts: publishedAt(...hostIps), reach })).toBe(dialed);
    // Such networks are another machine's.
    expect(choose({ facts: publishedAt(...hostIps), reach, network: 'omega' })).toBe(dialed);
  });

  it('of a host whose address is one is dialed there', () => {
    expect(choose({ facts: publishedAt('0.0.0.0'), reach: { kind: 'published', host: '192.0.2.7' } })).toBe(
      '192.0.2.7:8000',
    );
  });

  it('is said to be missing in words that fit the engine', () => {
    const words = (reach: AddressQuery['reach'], facts = two) => wayOf({ reach, facts }) ?? '';
    const rootless = words({ kind: 'published', host: '127.0.0.1', because: 'rootless' });
    expect(rootless).toMatch(/^this engine is rootless: .* port 80 is not published; Publish it \(ports: \["80"\]\)/);
    expect(words({ kind: 'published', host: '127.0.0.1', because: 'virtual-machine' })).toMatch(/in a virtual machine/);
    const remote = { kind: 'published', host: '192.0.2.7' } as const;
    expect(words(remote)).toMatch(/^the engine is on another machine: /);
    expect(words(remote, publishedAt('127.0.0.1'))).toMatch(
      /^its port 80 is published on 127\.0\.0\.1 only, .* reaches the engine's host at 192\.0\.2\.7; Publish it on all/,
    );
    expect(words({ kind: 'published', host: 'far.example', addresses: [] })).toMatch(
      /^the name of the engine's host, far\.example, cannot be resolved/,
    );
  });

  it('is not needed on the host network of the engine’s host', () => {
    const facts = containerFacts({ networking: { kind: 'host' } });
    const reach = { kind: 'published', host: 'far.example', addresses: ['192.0.2.7'] } as const;
    expect(choose({ facts, reach })).toBe('192.0.2.7:80');
    expect(choose({ facts, reach: { ...reach, addresses: [] } })).toBe('no-address');
  });
});

function attachmentsOf(facts: typeof two) {
  return facts.networking.kind === 'networks' ? facts.networking.attachments : [];
}
