import { describe, expect, it } from 'vitest';
import { createDiscoverer, type DiscoveryRules } from '../../../src/discovery/discover.ts';
import { containerFacts, inContainer, onHost, snapshotOf } from '../../support/facts.ts';

const rules: DiscoveryRules = { labelPrefix: 'sealane', scope: 'all', bind: '127.0.0.1' };
const compose = { 'com.docker.compose.project': 'shop', 'com.docker.compose.service': 'api' };

function discoverOne(over: Parameters<typeof containerFacts>[0], more: Partial<DiscoveryRules> = {}, vantage = onHost) {
  return createDiscoverer({ ...rules, ...more })(snapshotOf([containerFacts(over)], vantage));
}

describe('discovery', () => {
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

  it('listens on the port itself when no listen address is given', () => {
    expect(discoverOne({ labels: { 'sealane.port': '9000' } }).declarations[0]?.listen).toEqual({
      host: '127.0.0.1',
      port: 9000,
    });
  });

  it('names a service after the container where compose did not make it', () => {
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

  it('leaves unlabelled and one-off containers alone', () => {
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

  it('declares the service of a container that cannot be reached, so that its clients are held and told why', () => {
    const { declarations, problems } = discoverOne({}, {}, inContainer(['elsewhere']));
    expect(declarations).toMatchObject([{ upstream: undefined }]);
    expect(problems[0]?.code).toBe('no-shared-network');
  });

  it('serves only its own project when told so, and says when it has none', () => {
    const labels = { ...compose, 'sealane.port': '1' };
    const scope = { scope: 'project' } as const;
    expect(discoverOne({ labels }, scope, { ...onHost, project: 'shop' }).declarations).toHaveLength(1);
    expect(discoverOne({ labels }, scope, { ...onHost, project: 'other' }).declarations).toHaveLength(0);
    expect(discoverOne({ labels }, scope, onHost).problems[0]?.code).toBe('scope-unknown');
  });

  it('gives a container that was started again another identity, also at the same address', () => {
    const facts = containerFacts();
    const discover = createDiscoverer(rules);
    const [before] = discover(snapshotOf([facts])).declarations;
    const [after] = discover(snapshotOf([{ ...facts, startedAtNs: facts.startedAtNs + 1n }])).declarations;
    expect(after?.upstream?.endpoints).toEqual(before?.upstream?.endpoints);
    expect(after?.upstream?.key).not.toBe(before?.upstream?.key);
  });

  it('keeps its answer for containers that did not change', () => {
    const discover = createDiscoverer(rules);
    const facts = containerFacts();
    const [before] = discover(snapshotOf([facts])).declarations;
    const [after] = discover(snapshotOf([facts, containerFacts()])).declarations;
    expect(after).toBe(before);
  });

  it('does not let one container’s mistakes reach another', () => {
    const good = containerFacts({ labels: { 'sealane.listen': '1' } });
    const bad = containerFacts({ labels: { 'sealane.listen': 'nonsense', 'sealane.': '', 'sealane.a.b.c': '' } });
    const { declarations, problems } = createDiscoverer(rules)(snapshotOf([bad, good]));
    expect(declarations.map((one) => one.service)).toEqual([good.name]);
    expect(problems.every((problem) => problem.containerId === bad.id)).toBe(true);
  });
});
