import { describe, expect, test } from 'vitest';
import { EngineError } from '../../../../src/docker/engine.ts';
import { determineVantage, readIdentityInputs, type IdentityInputs } from '../../../../src/docker/identity/identity.ts';
import { idFromCgroup, idFromHostname, idFromMountinfo } from '../../../../src/docker/identity/identity-sources.ts';
import type { ContainerFacts, Vantage } from '../../../../src/docker/facts.ts';
import { vantageBeside } from '../../../../src/docker/identity/vantage.ts';
import { defaultGateway, parseRoutes } from '../../../../src/network/kernel-routes.ts';
import { InMemoryEngine, facts } from '../../../support/fake-engine/port.ts';

const self = '5e1f'.padEnd(64, '0');
const other = '07be'.padEnd(64, '1');

describe('/proc/self/cgroup', () => {
  test.each([
    ['cgroup v1', `12:memory:/docker/${self}\n1:name=systemd:/docker/${self}\n0::/system.slice\n`],
    ['systemd’s cgroup driver', `11:cpu:/system.slice/docker-${self}.scope\n`],
    ['an engine within a container', `11:cpu:/docker/${other}/docker/${self}\n`],
    ['a line without it before', `13:misc:/\n12:memory:/docker/${self}\n`],
  ])('of %s names the container', (_, text) => {
    expect(idFromCgroup(text)).toBe(self);
  });

  test.each([
    ['cgroup v2', '0::/\n'],
    ['a host', '12:memory:/user.slice\n0::/user.slice/user-1000.slice/session-1.scope\n'],
    ['no Linux', ''],
  ])('of %s names no container', (_, text) => {
    expect(idFromCgroup(text)).toBeUndefined();
  });
});

describe('/proc/self/mountinfo', () => {
  const layer = `713 503 0:52 / / rw - overlay overlay rw,lowerdir=/var/lib/docker/overlay2/l/ABC,upperdir=/var/lib/docker/overlay2/${other}/diff`;
  test.each([
    [
      'Docker',
      `${layer}\n720 713 8:1 /var/lib/docker/containers/${self}/resolv.conf /etc/resolv.conf rw - ext4 /dev/sda1 rw\n`,
    ],
    [
      'Docker with its data on a disk of its own',
      `720 713 8:1 /containers/${self}/hostname /etc/hostname rw - ext4 /dev/sdb1 rw\n`,
    ],
    ['Podman', `720 713 8:1 /c/storage/overlay-containers/${self}/userdata/hosts /etc/hosts rw - xfs /dev/sda1 rw\n`],
  ])('in a container of %s names the container', (_, text) => {
    expect(idFromMountinfo(text)).toBe(self);
  });

  test.each([
    ['only overlay layers', `${layer}\n`],
    [
      'a folder of another container mounted',
      `1 2 8:1 /var/lib/docker/containers/${other}/hostname /mnt/hostname rw - ext4 x rw\n`,
    ],
    ['nothing', ''],
  ])('with %s names no container', (_, text) => {
    expect(idFromMountinfo(text)).toBeUndefined();
  });
});

test('a host name of twelve hexadecimal digits may be a container’s', () => {
  expect(idFromHostname('5e1f00000000')).toBe('5e1f00000000');
  expect(idFromHostname('web')).toBeUndefined();
});

describe('the default gateway', () => {
  const header = 'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT';
  test('is read from /proc/net/route', () => {
    const text = `${header}\neth0\t00000000\t010011AC\t0003\t0\t0\t0\t00000000\t0\t0\t0\neth0\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0\n`;
    expect(defaultGateway(parseRoutes(text, false))).toBe('172.17.0.1');
  });

  test('is that of the best of several routes', () => {
    const text = `${header}\neth0\t00000000\t010011AC\t0003\t0\t0\t200\t00000000\t0\t0\t0\neth1\t00000000\t010012AC\t0003\t0\t0\t100\t00000000\t0\t0\t0\n`;
    expect(defaultGateway(parseRoutes(text, false))).toBe('172.18.0.1');
  });

  test.each([
    ['on an internal network', `${header}\neth0\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0\n`],
    ['behind a route that is down', `${header}\neth0\t00000000\t010011AC\t0002\t0\t0\t0\t00000000\t0\t0\t0\n`],
    ['where there is no such file', ''],
  ])('does not exist %s', (_, text) => {
    expect(defaultGateway(parseRoutes(text, false))).toBeUndefined();
  });
});

function inputs(overrides: Partial<IdentityInputs> = {}): IdentityInputs {
  return {
    endpoint: 'unix:///var/run/docker.sock',
    platform: 'linux',
    cgroup: '0::/\n',
    mountinfo: '',
    hostname: 'laptop',
    addresses: [],
    inContainer: false,
    ...overrides,
  };
}

function engineWith(...containers: readonly Partial<ContainerFacts>[]): InMemoryEngine {
  const engine = new InMemoryEngine();
  for (const container of containers) engine.set(facts(container));
  // A real engine finds containers by the first digits of their ids, too.
  const inspect = engine.inspect.bind(engine);
  engine.inspect = (id, signal) => {
    const full = [...engine.containers.keys()].find((known) => known.startsWith(id));
    return inspect(full ?? id, signal);
  };
  return engine;
}

const onTwoNetworks = {
  kind: 'networks',
  attachments: [
    { name: 'a', networkId: 'n1', ipv4: '10.0.0.5' },
    { name: 'b', networkId: 'n2', ipv4: '10.0.1.5' },
  ],
} as const satisfies ContainerFacts['networking'];

describe('the vantage', () => {
  const publishedPorts = [{ containerPort: 8470, hostIp: '127.0.0.1', hostPort: 9000 }];
  const me = facts({ id: self, name: 'sealane', networking: onTwoNetworks, publishedPorts });
  const ownNetwork = { address: '10.0.0.5', published: publishedPorts };

  test('in a task of a Swarm has the service, which publishes its ports', async () => {
    const labels = {
      'com.docker.swarm.service.id': 's',
      'com.docker.swarm.service.name': 'shop_sealane',
      'com.docker.swarm.task.id': 't',
      'com.docker.swarm.task.name': 'shop_sealane.n.t',
      'com.docker.swarm.node.id': 'n',
    };
    const { vantage } = await determineVantage(engineWith({ ...me, labels }), inputs({ selfId: self }));
    expect(vantage.ownNetwork?.service).toBe('shop_sealane');
  });

  test.each([
    ['the setting, by id', { selfId: self }],
    ['the setting, by name', { selfId: 'sealane' }],
    ['cgroup v1', { cgroup: `1:cpu:/docker/${self}\n` }],
    ['mountinfo', { mountinfo: `7 1 8:1 /c/${self}/hosts /etc/hosts rw - ext4 x rw\n` }],
    ['the host name', { hostname: self.slice(0, 12) }],
    ['its address', { inContainer: true, addresses: ['10.0.1.5'] }],
  ])('in a container that is known by %s has its networks and its gateway', async (_, known) => {
    const located = await determineVantage(engineWith(me, { id: other }), inputs({ ...known, gateway: '10.0.0.1' }));
    expect(located).toEqual({
      vantage: {
        selfId: self,
        reach: { kind: 'networks', networkIds: new Set(['n1', 'n2']), gateway: '10.0.0.1' },
        ownNetwork: { ...ownNetwork, attachments: onTwoNetworks.attachments },
      },
      networkOwners: [self],
    });
  });

  test('is determined by the setting rather than by /proc', async () => {
    const engine = engineWith(me, { id: other, name: 'other' });
    const { vantage } = await determineVantage(engine, inputs({ selfId: 'sealane', cgroup: `1:cpu:/docker/${other}` }));
    expect(vantage.selfId).toBe(self);
  });

  test('has a note about a setting that the engine does not know, and is determined all the same', async () => {
    const located = await determineVantage(engineWith(me), inputs({ selfId: 'typo', cgroup: `1:cpu:/docker/${self}` }));
    expect(located.vantage.selfId).toBe(self);
    expect(located.note).toContain('typo');
  });

  test('beside an engine within a container is the engine’s host, since the engine does not confirm the container', async () => {
    const located = await determineVantage(
      engineWith(me),
      inputs({ cgroup: `1:cpu:/docker/${other}`, inContainer: true, addresses: ['192.168.0.9'] }),
    );
    expect(located.vantage).toEqual({ reach: { kind: 'host' } });
  });

  test('is not that of a container whose name happens to be the host name', async () => {
    const engine = engineWith({ id: other, name: 'laptop' });
    expect((await determineVantage(engine, inputs())).vantage).toEqual({ reach: { kind: 'host' } });
  });

  test('on a host is not that of a container with the same address', async () => {
    const { vantage } = await determineVantage(engineWith(me), inputs({ addresses: ['10.0.1.5'] }));
    expect(vantage).toEqual({ reach: { kind: 'host' } });
  });

  test('has the compose project of the container', async () => {
    const mine = { ...me, labels: { 'com.docker.compose.project': 'shop' } };
    const { vantage } = await determineVantage(engineWith(mine), inputs({ selfId: self }));
    expect(vantage.project).toBe('shop');
  });

  test('in a container on the host network is that of the host', async () => {
    const mine = { ...me, networking: { kind: 'host' } as const };
    const { vantage } = await determineVantage(engineWith(mine), inputs({ selfId: self }));
    expect(vantage).toEqual({ reach: { kind: 'host' }, selfId: self });
  });

  test('in another container’s network has the networks of that container', async () => {
    const mine = { ...me, networking: { kind: 'container', of: other } as const };
    const engine = engineWith(mine, { id: other, networking: onTwoNetworks, publishedPorts });
    expect(await determineVantage(engine, inputs({ selfId: self }))).toEqual({
      vantage: { selfId: self, reach: { kind: 'networks', networkIds: new Set(['n1', 'n2']) }, ownNetwork },
      networkOwners: [self, other],
    });
  });

  test.each(['macvlan', 'ipvlan'])(
    'on a %s network leaves open what is published: clients need no port of the host',
    async (driver) => {
      const attachments = [{ name: 'a', networkId: 'n1', driver, ipv4: '10.0.0.5' }];
      const mine = { ...me, networking: { kind: 'networks', attachments } as const, publishedPorts: [] };
      const { vantage } = await determineVantage(engineWith(mine), inputs({ selfId: self }));
      expect(vantage.ownNetwork).toEqual({ address: '10.0.0.5', attachments });
    },
  );

  test('in a task of a Swarm does not have the bridge that leads out, on which containers do not reach one another', async () => {
    const attachments = [
      { name: 'docker_gwbridge', networkId: 'gw', driver: 'bridge', ipv4: '172.18.0.3' },
      { name: 'shop_default', networkId: 'ov', driver: 'overlay', ipv4: '10.0.1.3' },
    ];
    const mine = { ...me, networking: { kind: 'networks', attachments } as const };
    const { vantage } = await determineVantage(engineWith(mine), inputs({ selfId: self }));
    expect(vantage.reach).toEqual({ kind: 'networks', networkIds: new Set(['ov']) });
  });

  test('without any network has no networks', async () => {
    const mine = { ...me, networking: { kind: 'none' } as const };
    const { vantage } = await determineVantage(engineWith(mine), inputs({ selfId: self }));
    expect(vantage.reach).toEqual({ kind: 'networks', networkIds: new Set() });
  });

  test.each([
    ['a local socket on Linux', {}, { kind: 'host' }],
    ['a loopback port on Linux', { endpoint: 'tcp://127.0.0.1:2375' }, { kind: 'host' }],
    ['an engine elsewhere', { endpoint: 'tcp://10.9.8.7:2375' }, { kind: 'published', host: '10.9.8.7' }],
    ['an engine over ssh', { endpoint: 'ssh://me@far' }, { kind: 'published', host: 'far' }],
    [
      'an engine over ssh with an alias',
      { endpoint: 'ssh://me@far', sshHost: '10.9.8.7' },
      { kind: 'published', host: '10.9.8.7' },
    ],
    ['macOS', { platform: 'darwin' }, { kind: 'published', host: '127.0.0.1', because: 'virtual-machine' }],
    [
      'Windows',
      { platform: 'win32', endpoint: 'npipe:////./pipe/x' },
      { kind: 'published', host: '127.0.0.1', because: 'virtual-machine' },
    ],
  ] as const)('outside of containers, with %s, follows from the engine’s address', async (_, known, reach) => {
    expect((await determineVantage(engineWith(), inputs(known))).vantage).toEqual({ reach });
  });

  test('in a container is found through a socket proxy over TCP as well', async () => {
    const { vantage } = await determineVantage(
      engineWith(me),
      inputs({ endpoint: 'tcp://socket-proxy:2375', hostname: self.slice(0, 12) }),
    );
    expect(vantage.reach.kind).toBe('networks');
  });

  test.each([
    ['Docker Desktop on Linux', { platform: 'Docker Desktop 4.40.0 (187762)', rootless: false }, 'virtual-machine'],
    [
      'an engine on another kernel, as Colima’s on Linux',
      { platform: 'Docker Engine - Community', rootless: false, kernel: '6.8.0-64-generic' },
      'virtual-machine',
    ],
    ['a rootless engine', { platform: 'Docker Engine - Community', rootless: true, kernel: '6.1.0' }, 'rootless'],
  ])('beside %s has published ports only', async (_, installation, because) => {
    const engine = Object.assign(engineWith(), { installation: () => Promise.resolve(installation) });
    const { vantage } = await determineVantage(engine, inputs({ kernel: '6.1.0' }));
    expect(vantage.reach).toEqual({ kind: 'published', host: '127.0.0.1', because });
  });

  test('beside an engine on the same kernel is that of an ordinary engine', async () => {
    const installation = { platform: '', rootless: false, kernel: '6.1.0' };
    const engine = Object.assign(engineWith(), { installation: () => Promise.resolve(installation) });
    expect((await determineVantage(engine, inputs({ kernel: '6.1.0' }))).vantage.reach).toEqual({ kind: 'host' });
  });

  test('of a remote engine, or from one of its containers, needs no question about its kind', async () => {
    const installation = (): Promise<never> => Promise.reject(new Error('asked'));
    let asked = 0;
    const count = { installation: () => ((asked += 1), installation()) };
    await determineVantage(Object.assign(engineWith(), count), inputs({ endpoint: 'tcp://10.9.8.7:2375' }));
    await determineVantage(Object.assign(engineWith(me), count), inputs({ selfId: self }));
    expect(asked).toBe(0);
  });

  test('cannot be determined while the engine may yet tell its kind', async () => {
    const installation = (): Promise<never> => Promise.reject(new EngineError('timeout', 'no answer'));
    const engine = Object.assign(engineWith(), { installation });
    await expect(determineVantage(engine, inputs())).rejects.toThrow('no answer');
  });

  test('beside an engine that never tells its kind is that of an ordinary engine, and a note says so', async () => {
    const installation = { platform: '', rootless: false, unanswered: 'no answer to GET /info' };
    const engine = Object.assign(engineWith(), { installation: () => Promise.resolve(installation) });
    const { vantage, note } = await determineVantage(engine, inputs({ selfId: 'typo' }));
    expect(vantage.reach).toEqual({ kind: 'host' });
    expect(note).toMatch(/no container typo, .*; it is not known whether .* \(no answer to GET \/info\)$/);
  });

  test('cannot be determined while the engine fails', async () => {
    const engine = engineWith(me);
    engine.before = () => {
      throw new EngineError('timeout', 'slow');
    };
    await expect(determineVantage(engine, inputs({ selfId: self }))).rejects.toThrow('slow');
  });
});

test('the identity inputs of this machine can always be read', async () => {
  const read = await readIdentityInputs('unix:///s', 'me');
  expect(read).toMatchObject({ endpoint: 'unix:///s', selfId: 'me', platform: process.platform });
  expect(read.addresses).not.toContain('127.0.0.1');
});

describe('the vantage beside the engine that Sealane’s container is on', () => {
  const home: Vantage = {
    selfId: self,
    project: 'site',
    reach: { kind: 'networks', networkIds: new Set(['n1']), gateway: '10.0.0.1' },
    ownNetwork: {},
  };
  const published = { kind: 'published', host: '192.0.2.7' } as const;

  test.each([
    [
      'on the same machine is through the gateway',
      { kind: 'host' },
      { kind: 'published', host: '10.0.0.1', because: 'other-engine' },
    ],
    [
      'that forwards ports to the machine, too',
      { ...published, host: '127.0.0.1' },
      { ...published, host: '10.0.0.1', because: 'other-engine' },
    ],
    ['on another machine is that machine', published, published],
  ] as const)('%s', (_, reach, expected) => {
    expect(vantageBeside({ reach }, home)).toEqual({ project: 'site', reach: expected });
  });

  test('without a gateway reaches nothing of the machine', () => {
    const internal = { ...home, reach: { kind: 'networks', networkIds: new Set(['n1']) } } as const;
    const nothing = { kind: 'networks', networkIds: new Set() };
    expect(vantageBeside({ reach: { kind: 'host' } }, internal).reach).toEqual(nothing);
  });

  test('is the engine’s own where Sealane is on the host, or on the host’s network', () => {
    const own: Vantage = { reach: { kind: 'host' } };
    expect(vantageBeside(own, { reach: { kind: 'host' } })).toBe(own);
    expect(vantageBeside(own, { selfId: self, reach: { kind: 'host' } })).toEqual(own);
  });
});
