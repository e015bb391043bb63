import { describe, expect, it } from 'vitest';
import { viewContainer, viewVantage } from '../../../src/discovery/container-view.ts';
import { containerFacts, inContainer, onHost, snapshotOf } from '../../support/facts.ts';

const attachment = (name: string) => ({ name, networkId: `net-${name}`, ipv4: '10.0.0.2' });

describe('a container, as explanations show it', () => {
  it('has its state, its labels and its compose service', () => {
    const labels = {
      'sealane.enable': ' false ',
      'com.docker.compose.project': 'shop',
      'com.docker.compose.service': 'api',
      'com.docker.compose.oneoff': 'True',
    };
    expect(viewContainer(containerFacts({ labels }), 'sealane')).toMatchObject({
      isLabelled: true,
      isDisabled: true,
      isOneoff: true,
      createdFor: 'shop/api',
      networks: 'network "bridge"',
    });
    expect(viewContainer(containerFacts({ labels }), 'other')).toMatchObject({ isLabelled: false, isDisabled: false });
  });

  it('is disabled by each spelling of false', () => {
    const isDisabled = (text: string) =>
      viewContainer(containerFacts({ labels: { 'sealane.enable': text } }), 'sealane').isDisabled;
    expect(['False', 'no', '0'].map(isDisabled)).toEqual([true, true, true]);
    expect(['True', 'yes', 'x'].map(isDisabled)).toEqual([false, false, false]);
  });

  it.each([
    [{ kind: 'host' } as const, 'the host network'],
    [{ kind: 'none' } as const, 'no network'],
    [{ kind: 'container', of: 'abcdef0123456789' } as const, 'the network of container abcdef012345'],
    [{ kind: 'networks', attachments: [attachment('a'), attachment('b')] } as const, 'network "a", "b"'],
    [{ kind: 'networks', attachments: [] } as const, 'no network'],
  ])('is on %j', (networking, networks) => {
    expect(viewContainer(containerFacts({ networking }), 'sealane').networks).toBe(networks);
  });

  it.each([
    [{ 'sealane.listen': '127.0.0.1:5432,[::1]:7000' }, [5432, 7000]],
    [{ 'sealane.listen': '7000-7002' }, [7000, 7001, 7002]],
    [{ 'sealane.web.listen': '5432', 'sealane.web.port': '80' }, [5432]],
    [{ 'sealane.lisen': '5432', 'sealane.port': '80' }, [5432]],
    [{ 'sealane.port': '80', 'sealane.hold': '7001' }, [80]],
    [{ 'sealane.listen': 'unix:/run/a.sock', 'other.listen': '80' }, []],
  ])('asks for the ports in its labels, also in those with mistakes: %j', (labels, ports) => {
    const { asksFor } = viewContainer(containerFacts({ labels }), 'sealane');
    expect([80, 5432, 7000, 7001, 7002, 7003].filter(asksFor)).toEqual(ports);
  });

  it('publishes ports on this machine unless its engine is on another one', () => {
    const facts = containerFacts({ publishedPorts: [{ containerPort: 80, hostIp: '0.0.0.0', hostPort: 8080 }] });
    expect(viewContainer(facts, 'sealane').hostPorts).toEqual([8080]);
    expect(viewContainer(facts, 'sealane', { engine: 'far', isHere: false })).toMatchObject({
      name: `${facts.name}@far`,
      hostPorts: [],
    });
  });

  it('has hostile names with escapes', () => {
    const labels = { 'com.docker.compose.project': '\u001b[31m', 'com.docker.compose.service': 'x\n' };
    const { name, createdFor } = viewContainer(containerFacts({ name: 'a\u202eb', labels }), 'sealane');
    expect([name, createdFor]).toEqual(['a\\u{202e}b', '\\u{1b}[31m/x\\u{a}']);
  });
});

describe('the vantage, as explanations show it', () => {
  it.each([
    [onHost, /on the engine's host/],
    [inContainer(['net-bridge', 'feedface00000000']), /^Sealane is on network "bridge", feedface0000$/],
    [inContainer([]), /on no network/],
    [
      inContainer(['feedface00000000'], {
        ownNetwork: { attachments: [{ name: 'managers', networkId: 'feedface00000000' }] },
      }),
      /^Sealane is on network "managers"$/,
    ],
    [{ reach: { kind: 'published', host: '10.1.1.1' } } as const, /published ports only, on 10\.1\.1\.1/],
  ])('names networks if their names are known: %j', (vantage, text) => {
    expect(viewVantage(snapshotOf([containerFacts()], vantage))).toMatch(text);
  });
});
