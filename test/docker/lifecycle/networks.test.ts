import { randomInt } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { startNetwork } from '../../support/engine/containers.ts';
import { eventually, startReplica, whoAnswers } from '../../support/engine/replica.ts';
import { setUp, shareSealane } from '../../support/engine/beside-engine.ts';
import { engineDifferences } from '../../support/engine/tested-engine.ts';
import { lostWith, startLoad } from '../../support/load.ts';
import { upstreamIs } from '../../support/sealane/sealane.ts';
import { freePort } from '../../support/sockets/free-port.ts';

/** The tests share a Sealane, and each has a service of its own. Those that stop it have their own. */
const part = shareSealane();

describe('networks', () => {
  it('attached to or detached from a running container change where it is reached', async () => {
    const t = await part();
    await using network = await startNetwork();
    await using web = await startReplica({ labels: { ...t.labels, [`${t.prefix}.network`]: network.name } });
    await t.sealane.line({ event: 'problem', code: 'not-on-network', subject: web.name });
    await network.connect(web);
    await t.sealane.line({ event: 'route-opened', service: t.service });
    expect(await whoAnswers(t.port)).toBe(web.name);
    const from = t.sealane.lines.length;
    await network.disconnect(web);
    await t.sealane.line({ event: 'problem', code: 'not-on-network', subject: web.name }, from);
  });

  it('named by the label are preferred to others of the container', async () => {
    const t = await part();
    await using network = await startNetwork();
    await using web = await startReplica({ labels: { ...t.labels, [`${t.prefix}.network`]: network.name } });
    await network.connect(web);
    const { endpoints } = await t.sealane.line({ event: 'upstream-added', service: t.service });
    await t.sealane.line({ event: 'route-opened', service: t.service });
    expect(endpoints).toBe(`${await web.address(network.name)}:8080`);
    expect(await whoAnswers(t.port)).toBe(web.name);
  });

  it('of both families are used: a server that listens on IPv6 only is reached', async () => {
    const t = await part();
    const subnet = `fd00:5ea1:${randomInt(0x1_00_00).toString(16)}:${randomInt(0x1_00_00).toString(16)}::/64`;
    await using network = await startNetwork({ EnableIPv6: true, IPAM: { Config: [{ Subnet: subnet }] } });
    await using web = await startReplica({
      labels: t.labels,
      networks: [network.name],
      host: { Sysctls: { 'net.ipv6.bindv6only': '1' } },
    });
    await t.sealane.line(upstreamIs(web.name, 'ready'));
    await t.sealane.line({ event: 'route-opened', service: t.service });
    expect(await whoAnswers(t.port)).toBe(web.name);
  });

  it('that are internal are reached from the host', async () => {
    const t = await part();
    await using network = await startNetwork({ Internal: true });
    await using web = await startReplica({ labels: t.labels, networks: [network.name] });
    await t.sealane.line({ event: 'route-opened', service: t.service });
    expect(await whoAnswers(t.port)).toBe(web.name);
  });

  it("of the host are supported: a container on the host's network is reached on loopback", async () => {
    const t = await part();
    const own = await freePort();
    await using web = await startReplica({
      labels: { ...t.labels, [`${t.prefix}.port`]: String(own) },
      networks: ['host'],
      port: own,
    });
    await t.sealane.line({ event: 'upstream-added', service: t.service, endpoints: `127.0.0.1:${own}` });
    expect(
      await eventually(
        () => whoAnswers(t.port),
        (name) => name === web.name,
      ),
    ).toBe(web.name);
  });

  it("of another container are supported: the container is reached at the other one's address", async () => {
    const t = await part();
    await using parent = await startReplica();
    await using child = await startReplica({
      labels: { ...t.labels, [`${t.prefix}.port`]: '9090' },
      networks: [`container:${parent.id}`],
      port: 9090,
    });
    await t.sealane.line({ event: 'upstream-added', service: t.service, endpoints: `${await parent.address()}:9090` });
    await t.sealane.line({ event: 'route-opened', service: t.service });
    expect(await whoAnswers(t.port)).toBe(child.name);
  });

  it('that reassign an address never lead a client of the old container to the new one', async () => {
    await using t = await setUp();
    // In a network of their own no other test's container takes the address.
    await using network = await startNetwork();
    const networks = [network.name];
    await using web = await startReplica({ labels: t.labels, networks });
    await t.sealane.line({ event: 'route-opened', service: t.service });
    const address = await web.address();
    await using load = startLoad(t.port);
    await load.answeredBy(web.name);
    await web.remove();
    await using next = await startReplica({ networks });
    const reuses = (await next.address()) === address;
    expect(reuses).toBe(engineDifferences().reusesAddresses);
    const asked = { EndpointsConfig: { [network.name]: { IPAMConfig: { IPv4Address: address } } } };
    await using asking = reuses ? undefined : await startReplica({ networks, create: { NetworkingConfig: asked } });
    expect(await (asking ?? next).address()).toBe(address);
    await using back = await startReplica({ labels: t.labels, networks });
    await load.answeredBy(back.name);
    const tally = await load.stop();
    expect(tally.replicas()).toEqual([web.name, back.name].toSorted());
    expect(tally.failed - (await lostWith(t.sealane, [web.name]))).toBe(0);
  });
});
