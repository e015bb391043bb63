import { expect, inject, it } from 'vitest';
import { run } from '../../dev/machine/command.ts';
import {
  startNetwork,
  engineClient,
  uniqueName,
  type TestContainer,
  type TestNetwork,
} from '../support/engine/containers.ts';
import { startEngineProxy } from '../support/engine/proxies/plain.ts';
import { eventually, startReplica, whoAnswers } from '../support/engine/replica.ts';
import { serve } from '../support/engine/script.ts';
import { setUp, startInsideEngine } from '../support/engine/beside-engine.ts';
import { testedEngine } from '../support/engine/tested-engine.ts';
import { startLoad } from '../support/load.ts';
import { upstreamIs } from '../support/sealane/sealane.ts';

/**
 * Podman tells of a death up to 250 ms after it. On a machine that is quick enough, the address of the dead container
 * belongs to another one by then.
 */
const deaths: [string, (web: TestContainer) => Promise<void>][] = [
  ['is removed', (web) => web.remove()],
  ['is killed', (web) => web.kill()],
  ['ends by itself', async (web) => void (await web.exec(['kill', '1']))],
];
const ends: [string, (web: TestContainer, network: TestNetwork) => Promise<void>][] = [
  ...deaths,
  ['is disconnected from its network', (web, network) => network.disconnect(web)],
];

it.each(deaths)(
  'no client of a container that %s reaches the next one at its address, however late the event',
  async (_, end) => {
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
  },
);

/**
 * Where Sealane does not see the end, it knows the stranger by the address of its network card: a client is closed
 * without an answer once its hold is over, and served again once the engine has told.
 */
const unseen = { hold: '500ms', 'connect-timeout': '200ms' };

it('no client of a container that is disconnected from its network reaches the next one at its address', async () => {
  await using proxy = await startEngineProxy(testedEngine().host);
  await using t = await setUp('--docker', proxy.url);
  await using network = await startNetwork();
  await using web = await startReplica({ labels: t.labelled(unseen), networks: [network.name] });
  await t.sealane.line(upstreamIs(web.name, 'ready'));
  const address = await web.address();
  proxy.holdEvents();
  await network.disconnect(web);
  await using stranger = await startAt(network, address);
  expect(await stranger.address()).toBe(address);
  expect(await answersOfFour(t.port)).not.toContain('stranger');
  await using back = await startReplica({ labels: t.labelled(unseen), networks: [network.name] });
  proxy.releaseEvents();
  await eventually(
    () => whoAnswers(t.port),
    (answer) => answer === back.name,
  );
});

it.each(ends)(
  'in a container that sees no other processes, no client of one that %s reaches the next one at its address',
  async (_, end) => {
    const prefix = uniqueName('label');
    await using proxy = await startEngineProxy(testedEngine().host);
    await using network = await startNetwork();
    const networks = [network.name];
    const labels = Object.fromEntries(
      Object.entries({ listen: '9080', port: '8080', pool: 'web', ...unseen }).map(([name, value]) => [
        `${prefix}.${name}`,
        value,
      ]),
    );
    await using web = await startReplica({ labels, networks });
    await using sealane = await startInsideEngine(
      { engine: proxy.url, networks, port: 9080 },
      ...['--label-prefix', prefix],
    );
    const port = sealane.mappedPort(9080);
    const served = (by: string): Promise<string> =>
      eventually(
        () => whoAnswers(port),
        (answer) => answer === by,
      );
    await served(web.name);
    const address = await web.address();
    proxy.holdEvents();
    await end(web, network);
    // A container that dials Sealane tells it so which network card has its address now.
    await using stranger = await startAt(network, address, `${await sealane.address(network.name)} 9080`);
    expect(await stranger.address()).toBe(address);
    expect(await answersOfFour(port)).not.toContain('stranger');
    await using back = await startReplica({ labels, networks });
    proxy.releaseEvents();
    await served(back.name);
  },
);

function answersOfFour(port: number): Promise<string[]> {
  return Promise.all(Array.from({ length: 4 }, () => whoAnswers(port)));
}

interface Stranger extends AsyncDisposable {
  address(): Promise<string | undefined>;
}

/**
 * A container without Sealane's labels that serves at the address, once the network has given it back, and dials another
 * address and port again and again if there is one.
 */
async function startAt(network: TestNetwork, address: string, dialed?: string): Promise<Stranger> {
  await using stack = new AsyncDisposableStack();
  const container = await engineClient().createContainer({
    Image: inject('images').tools,
    Cmd: [
      'sh',
      '-c',
      `${serve('stranger')} ${dialed === undefined ? 'wait' : `while :; do nc -w 1 ${dialed} < /dev/null; sleep 0.1; done`}`,
    ],
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
