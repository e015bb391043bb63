import { describe, expect, it } from 'vitest';
import { createDiscoverer, type DiscoveryRules } from '../../../src/discovery/discover.ts';
import { containerFacts, inContainer, onHost, snapshotOf } from '../../support/facts.ts';

const rules: DiscoveryRules = { labelPrefix: 'sealane', scope: 'all', bind: '127.0.0.1' };
const compose = { 'com.docker.compose.project': 'shop', 'com.docker.compose.service': 'api' };

function discoverOne(over: Parameters<typeof containerFacts>[0], more: Partial<DiscoveryRules> = {}, vantage = onHost) {
  return createDiscoverer({ ...rules, ...more })(snapshotOf([containerFacts(over)], vantage));
}

describe('discovery', () => {
  it.each([
    ['on this host', onHost, undefined],
    [
      'in a virtual machine here',
      { reach: { kind: 'published', host: '127.0.0.1', because: 'virtual-machine' } },
      undefined,
    ],
    ['on another machine', { reach: { kind: 'published', host: '198.51.100.7' } }, true],
  ] as const)('says of a container whose engine is %s whether it is remote', (_, vantage, isRemote) => {
    const publishedPorts = [{ containerPort: 80, hostIp: '', hostPort: 8080 }];
    const { declarations } = discoverOne({ labels: { 'sealane.port': '80' }, publishedPorts }, {}, vantage);
    expect(declarations[0]?.upstream?.isRemote).toBe(isRemote);
  });

  it('declares a labelled container by its compose service, at its one exposed port', () => {
    const { declarations, problems } = discoverOne({
      labels: { ...compose, 'sealane.listen': '5432' },
      exposedPorts: [80],
    });
    expect(problems).toEqual([]);
    expect(declarations).toMatchObject([
      {
        service: 'shop/api',
        listen: { host: '127.0.0.1', port: 5432 },
        upstream: { endpoints: [{ port: 80 }], weight: 1 },
      },
    ]);
  });

  it('names only some of the ports where a container without a port label exposes all', () => {
    const exposedPorts = Array.from({ length: 65_535 }, (_, index) => index + 1);
    const { problems } = discoverOne({ labels: { 'sealane.pool': 'web' }, exposedPorts });
    expect(problems.map(({ message }) => message)).toEqual([
      'it exposes several ports: 1, 2, 3, 4, 5 and 65530 more, and the label sealane.port is missing',
    ]);
  });

  it.each([
    [[80], undefined],
    [[], undefined],
    [[3000], 'api-1 exposes port 3000: set the label sealane.port=3000.'],
    [[3000, 3001], 'api-1 exposes ports 3000, 3001: set the label sealane.port to one of them.'],
    [[1, 2, 3, 4, 5, 6, 7], 'api-1 exposes ports 1, 2, 3, 4, 5 and 2 more: set the label sealane.port to one of them.'],
  ])('knows which port is meant where it exposes %j, not the declared one', (exposedPorts, advice) => {
    const { declarations } = discoverOne({ name: 'api-1', labels: { 'sealane.port': '80' }, exposedPorts });
    expect(declarations[0]?.upstream?.silentAdvice).toBe(advice);
  });

  it.each([
    ['running', true],
    ['paused', true],
    ['restarting', false],
  ] as const)('tells of a container that was restarted several times whether it runs: %s', (state, isRunning) => {
    const labels = { 'sealane.port': '80' };
    expect(discoverOne({ labels, state, restarts: 2 }).restarted).toMatchObject([{ isRunning, restarts: 2 }]);
    expect(discoverOne({ labels, state, restarts: 1 }).restarted).toEqual([]);
    const disabled = { ...labels, 'sealane.enable': 'false' };
    expect(discoverOne({ labels: disabled, state, restarts: 2 }).restarted).toEqual([]);
  });

  it('listens on the port itself when no listen address is given', () => {
    expect(discoverOne({ labels: { 'sealane.port': '9000' } }).declarations[0]?.listen).toEqual({
      host: '127.0.0.1',
      port: 9000,
    });
  });

  it('listens on each address it is given, for one upstream', () => {
    const labels = { 'sealane.listen': '80,[::1]:80,unix:/run/sealane/a.sock', 'sealane.port': '3000' };
    const { declarations, problems } = discoverOne({ labels });
    expect(problems).toEqual([]);
    expect(declarations.map((one) => one.listen)).toEqual([
      { host: '127.0.0.1', port: 80 },
      { host: '::1', port: 80 },
      { host: 'unix:/run/sealane/a.sock', port: 0 },
    ]);
    expect(new Set(declarations.map((one) => one.upstream)).size).toBe(1);
  });

  it('makes a service of each port of a range, leading to the container’s ports in step', () => {
    const labels = { ...compose, 'sealane.listen': '7000-7002', 'sealane.port': '8000' };
    const { declarations, problems } = discoverOne({ labels, exposedPorts: [1, 2] });
    expect(problems).toEqual([]);
    expect(declarations.map((one) => [one.service, one.listen.port, one.upstream?.endpoints[0]?.port])).toEqual([
      ['shop/api:7000', 7000, 8000],
      ['shop/api:7001', 7001, 8001],
      ['shop/api:7002', 7002, 8002],
    ]);
    const same = discoverOne({ labels: { 'sealane.listen': '7000-7001' }, exposedPorts: [80] }).declarations;
    expect(same.map((one) => one.upstream?.endpoints[0]?.port)).toEqual([7000, 7001]);
  });

  it('reports once that a whole range cannot be reached, or would end beyond the last port', () => {
    const labels = { 'sealane.listen': '7000-7009' };
    const { declarations, problems } = discoverOne({ labels }, {}, inContainer(['elsewhere']));
    expect([declarations.length, problems.length]).toEqual([10, 1]);
    const beyond = discoverOne({ labels: { ...labels, 'sealane.port': '65530' } });
    expect(beyond.declarations).toEqual([]);
    expect(beyond.problems[0]?.message).toBe('its range of ports ends beyond port 65535; the route is not served');
  });

  it('lets labels open sockets in one folder only', () => {
    const listen = (path: string) => discoverOne({ labels: { 'sealane.listen': `unix:${path}`, 'sealane.port': '1' } });
    expect(listen('/run/sealane/db.sock').problems).toEqual([]);
    for (const path of ['/var/run/docker.sock', '/run/sealane-x/db.sock', '/run/sealane']) {
      const { declarations, problems } = listen(path);
      expect(declarations).toEqual([]);
      expect(problems[0]?.message).toContain('is not in /run/sealane');
    }
  });

  it('names a service after the container if compose did not create it', () => {
    expect(discoverOne({ name: 'db', labels: { 'sealane.port': '1' } }).declarations[0]?.service).toBe('db');
    const hostile = { 'com.docker.compose.project': '\u001b[2J', 'com.docker.compose.service': 'x' };
    expect(discoverOne({ name: 'db', labels: { 'sealane.port': '1', ...hostile } }).declarations[0]?.service).toBe(
      'db',
    );
  });

  it('gives each named route a service of its own', () => {
    const labels = { ...compose, 'sealane.web.port': '80', 'sealane.ops.port': '90', 'sealane.ops.pool': 'operations' };
    expect(discoverOne({ labels }).declarations.map((one) => one.service)).toEqual(['operations', 'shop/api:web']);
  });

  it('ignores unlabelled and one-off containers', () => {
    expect(discoverOne({ labels: compose }).declarations).toEqual([]);
    expect(
      discoverOne({ labels: { ...compose, 'sealane.port': '1', 'com.docker.compose.oneoff': 'True' } }).declarations,
    ).toEqual([]);
  });

  it('lists the ports when it cannot tell which one is meant', () => {
    const { declarations, problems } = discoverOne({ exposedPorts: [80, 443] });
    expect(declarations).toEqual([]);
    expect(problems[0]).toMatchObject({ code: 'port-unclear', route: '', fix: 'Add sealane.port=<port>.' });
    expect(problems[0]?.message).toContain('80, 443');
    expect(discoverOne({ exposedPorts: [] }).problems[0]?.message).toContain('it exposes no TCP port');
  });

  it('declares the service of a container that cannot be reached, so that its clients are held, with a problem', () => {
    const { declarations, problems } = discoverOne({}, {}, inContainer(['elsewhere']));
    expect(declarations).toMatchObject([{ upstream: undefined }]);
    expect(problems[0]?.code).toBe('no-shared-network');
  });

  it('serves only its own project with scope project, and nothing where it has none', () => {
    const labels = { ...compose, 'sealane.port': '1' };
    const scope = { scope: 'project' } as const;
    expect(discoverOne({ labels }, scope, { ...onHost, project: 'shop' }).declarations).toHaveLength(1);
    expect(discoverOne({ labels }, scope, { ...onHost, project: 'other' }).declarations).toHaveLength(0);
    for (const one of [labels, { 'sealane.port': '1' }])
      expect(discoverOne({ labels: one }, scope, onHost)).toMatchObject({ declarations: [], problems: [] });
  });

  it('gives the next run of a container another key, even at the same address', () => {
    const facts = containerFacts();
    const discover = createDiscoverer(rules);
    const [before] = discover(snapshotOf([facts])).declarations;
    const [after] = discover(snapshotOf([{ ...facts, startedAtNs: facts.startedAtNs + 1n }])).declarations;
    expect(after?.upstream?.endpoints).toEqual(before?.upstream?.endpoints);
    expect(after?.upstream?.key).not.toBe(before?.upstream?.key);
  });

  it('keeps its result for containers that did not change', () => {
    const discover = createDiscoverer(rules);
    const facts = containerFacts();
    const [before] = discover(snapshotOf([facts])).declarations;
    const [after] = discover(snapshotOf([facts, containerFacts()])).declarations;
    expect(after).toBe(before);
  });

  it('takes the published port where no address has a route, and the address again once it has one', () => {
    let isRouted = false;
    const discover = createDiscoverer({ ...rules, hasRoute: () => isRouted, routesVersion: () => Number(isRouted) });
    const facts = containerFacts({ publishedPorts: [{ containerPort: 80, hostIp: '127.0.0.1', hostPort: 32_768 }] });
    const upstream = () => discover(snapshotOf([facts])).declarations[0]?.upstream;
    const published = upstream();
    expect(published?.endpoints).toEqual([{ host: '127.0.0.1', port: 32_768, viaPortProxy: true }]);
    expect(published?.published).toEqual({
      because: expect.stringMatching(/^since Sealane is on no network with 172\.17\./) as string,
      port: 80,
    });
    expect(published?.silentAdvice).toBeUndefined();
    expect(upstream()).toBe(published);
    isRouted = true;
    expect(upstream()).toMatchObject({ key: published?.key, endpoints: [{ port: 80, isDirect: true }] });
    expect(upstream()?.published).toBeUndefined();
  });

  it('advises to publish a port that no address with a route leads to', () => {
    const { declarations } = discoverOne({}, { hasRoute: () => false });
    expect(declarations[0]?.upstream?.silentAdvice).toBe(
      'Publish its port (ports: ["80"]), or run Sealane as a container on its network.',
    );
  });

  it('does not let one container’s mistakes affect another', () => {
    const good = containerFacts({ labels: { 'sealane.listen': '1' } });
    const bad = containerFacts({ labels: { 'sealane.listen': 'nonsense', 'sealane.': '', 'sealane.a.b.c': '' } });
    const { declarations, problems } = createDiscoverer(rules)(snapshotOf([bad, good]));
    expect(declarations.map((one) => one.service)).toEqual([good.name]);
    expect(problems.every((problem) => problem.containerId === bad.id)).toBe(true);
  });
});
