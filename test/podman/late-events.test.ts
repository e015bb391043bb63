import { expect, it } from 'vitest';
import { startNetwork, type TestContainer, type TestNetwork } from '../support/engine/containers.ts';
import { startEngineProxy } from '../support/engine/proxy.ts';
import { eventually, startReplica } from '../support/engine/replica.ts';
import { setUp } from '../support/engine/set-up.ts';
import { testedEngine } from '../support/engine/tested-engine.ts';
import { startLoad } from '../support/load.ts';
import { upstreamIs } from '../support/sealane/sealane.ts';

/**
 * Podman tells of a death up to 250 ms after it. On a machine that is quick enough, the address of the dead container
 * belongs to another one by then.
 */
it.each([
  ['is removed', (web: TestContainer) => web.remove()],
  ['is killed', (web: TestContainer) => web.kill()],
  ['ends by itself', async (web: TestContainer) => void (await web.exec(['kill', '1']))],
])('no client of a container that %s reaches the next one at its address, however late the event', async (_, end) => {
  await using proxy = await startEngineProxy(testedEngine().host);
  await using t = await setUp('--docker', proxy.url);
  await using network = await startNetwork();
  await using web = await startReplica({ labels: t.labels, networks: [network.name] });
  await t.sealane.line(upstreamIs(web.name, 'ready'));
  const address = await web.address();
  await using load = startLoad(t.port);
  await load.answeredBy(web.name);
  proxy.holdEvents();
  await end(web);
  await t.sealane.line({ event: 'upstream-removed', upstream: web.name });
  await using stranger = await startAt(network, address);
  await using back = await startReplica({ labels: t.labels, networks: [network.name] });
  proxy.releaseEvents();
  await load.answeredBy(back.name);
  const tally = await load.stop();
  expect(await stranger.address()).toBe(address);
  expect(tally.replicas()).toEqual([web.name, back.name].toSorted());
});

/** A container without Sealane's labels that serves at the address, once the network has given it back. */
async function startAt(network: TestNetwork, address: string): Promise<TestContainer> {
  const create = {
    NetworkingConfig: { EndpointsConfig: { [network.name]: { IPAMConfig: { IPv4Address: address } } } },
  };
  const stranger = await eventually(
    () => startReplica({ networks: [network.name], create }).catch(() => undefined),
    (started) => started !== undefined,
  );
  if (stranger === undefined) throw new Error('unreachable');
  await eventually(
    () => stranger.exec(['wget', '-qO-', `http://${address}:8080/`]),
    ({ exitCode }) => exitCode === 0,
  );
  return stranger;
}
