import { describe, expect, it } from 'vitest';
import { startNetwork, uniqueName } from '../../support/engine/containers.ts';
import { startReplica, whoAnswers } from '../../support/engine/replica.ts';
import { setUp } from '../../support/engine/set-up.ts';
import { engineDifferences } from '../../support/engine/tested-engine.ts';
import { lostWith, startLoad } from '../../support/load.ts';

describe('networks', () => {
  it('attached to or detached from a running container change where it is reached', async () => {
    await using t = await setUp();
    await using network = await startNetwork();
    await using web = await startReplica({ labels: { ...t.labels, [`${t.prefix}.network`]: network.name } });
    await t.sealane.line({ event: 'problem', code: 'not-on-network', subject: web.name });
    await network.connect(web);
    await t.sealane.line({ event: 'upstream-added', service: 'web' });
    expect(await whoAnswers(t.port)).toBe(web.name);
    const from = t.sealane.lines.length;
    await network.disconnect(web);
    await t.sealane.line({ event: 'problem', code: 'not-on-network', subject: web.name }, from);
  });

  it('that reassign an address never lead a client of the old container to the new one', async () => {
    await using t = await setUp();
    // In a network of their own no other test's container takes the address.
    await using network = await startNetwork();
    const networks = [network.name];
    const stranger = uniqueName('stranger');
    await using web = await startReplica({ labels: t.labels, networks });
    await t.sealane.line({ event: 'route-opened', service: 'web' });
    const address = await web.address();
    await using load = startLoad(t.port);
    await load.answeredBy(web.name);
    await web.remove();
    const asked = { EndpointsConfig: { [network.name]: { IPAMConfig: { IPv4Address: address } } } };
    const create = engineDifferences().reusesAddresses ? {} : { NetworkingConfig: asked };
    await using other = await startReplica({ name: stranger, networks, create });
    expect(await other.address()).toBe(address);
    await using back = await startReplica({ labels: t.labels, networks });
    await load.answeredBy(back.name);
    const tally = await load.stop();
    expect(tally.replicas()).toEqual([web.name, back.name].toSorted());
    expect(tally.failed - (await lostWith(t.sealane, [web.name]))).toBe(0);
  });
});
