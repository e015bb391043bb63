import { expect, inject, it } from 'vitest';
import { run } from '../../dev/machine/command.ts';
import { startNetwork, engineClient, type TestContainer, type TestNetwork } from '../support/engine/containers.ts';
import { startEngineProxy } from '../support/engine/proxies/plain.ts';
import { eventually, startReplica } from '../support/engine/replica.ts';
import { serve } from '../support/engine/script.ts';
import { setUp } from '../support/engine/beside-engine.ts';
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
interface Stranger extends AsyncDisposable {
  address(): Promise<string | undefined>;
}

/** A container without Sealane's labels that serves at the address, once the network has given it back. */
async function startAt(network: TestNetwork, address: string): Promise<Stranger> {
  await using stack = new AsyncDisposableStack();
  const container = await engineClient().createContainer({
    Image: inject('images').tools,
    Cmd: ['sh', '-c', `${serve('stranger')} wait`],
    NetworkingConfig: { EndpointsConfig: { [network.name]: { IPAMConfig: { IPv4Address: address } } } },
    HostConfig: { NetworkMode: network.name },
  });
  stack.defer(async () => void (await container.remove({ force: true, v: true })));
  const start = (): Promise<boolean> =>
    container.start().then(
      () => true,
      (error: unknown) => {
        if (!String(error).includes('already allocated')) throw error;
        return false;
      },
    );
  await eventually(start, Boolean);
  const [program = '', ...args] = testedEngine().inside;
  const ask = [...args, 'busybox', 'wget', '-qO-', `http://${address}:8080/`];
  await eventually(() => run(program, ask).catch(() => ''), Boolean);
  const kept = stack.move();
  return {
    address: async () => (await container.inspect()).NetworkSettings.Networks[network.name]?.IPAddress,
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}
