import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { run } from '../../dev/machine/command.ts';
import {
  startNetwork,
  engineClient,
  uniqueName,
  type TestContainer,
  type TestNetwork,
} from '../support/engine/containers.ts';
import { startEngineProxy, type EngineProxy } from '../support/engine/proxies/plain.ts';
import { eventually, startReplica, whoAnswers } from '../support/engine/replica.ts';
import { serve } from '../support/engine/script.ts';
import { shareSealane, startInsideEngine } from '../support/engine/beside-engine.ts';
import { testedEngine } from '../support/engine/tested-engine.ts';
import { startLoad } from '../support/load.ts';
import { upstreamIs } from '../support/sealane/sealane.ts';

let engine: EngineProxy;
beforeAll(async () => {
  engine = await startEngineProxy(testedEngine().host);
});
afterAll(() => engine[Symbol.asyncDispose]());

/** The tests with a Sealane beside the engine share it, and each has a service of its own. */
const part = shareSealane(() => ['--docker', engine.url]);

/**
 * Podman tells of a death up to 250 ms after it. On a machine that is quick enough, the address of the dead container
 * belongs to another one by then.
 */
const deaths: [string, (web: TestContainer) => Promise<void>][] = [
  ['is removed', (web) => web.remove()],
  ['is killed', (web) => web.kill()],
  ['ends by itself', async (web) => void (await web.exec(['kill', '1']))],
];

it.each(deaths)(
  'no client of a container that %s reaches the next one at its address, however late the event',
  async (_, end) => {
    const t = await part();
    await using network = await startNetwork();
    await using web = await startReplica({ labels: t.labels, networks: [network.name] });
    await t.sealane.line(upstreamIs(web.name, 'ready'));
    const address = await web.address();
    await using load = startLoad(t.port);
    await load.answeredBy(web.name);
    engine.holdEvents();
    await end(web);
    await t.sealane.line({ event: 'upstream-removed', upstream: web.name });
    await using stranger = await startAt(network, address);
    await using back = await startReplica({ labels: t.labels, networks: [network.name] });
    engine.releaseEvents();
    await load.answeredBy(back.name);
    const tally = await load.stop();
    expect(await stranger.address()).toBe(address);
    expect(tally.replicas()).toEqual([web.name, back.name].toSorted());
  },
);

/**
 * Where Sealane does not see the end, it knows the stranger all the same: a client is closed without an answer once its
 * hold is over, and served again once the engine has told.
 */
const unseen = { hold: '500ms', 'connect-timeout': '200ms' };

interface Family {
  readonly name: 'IPv4' | 'IPv6';
  /** What makes a network that has addresses of this family alone. */
  readonly network: Parameters<typeof startNetwork>[0];
  readonly field: 'IPAddress' | 'GlobalIPv6Address';
}

const ipv4: Family = { name: 'IPv4', network: {}, field: 'IPAddress' };
const ipv6: Family = {
  name: 'IPv6',
  network: { IPAM: { Config: [{ Subnet: 'fd77:15::/64' }] } },
  field: 'GlobalIPv6Address',
};

async function addressOn({ name }: TestNetwork, { field }: Family, container: TestContainer): Promise<string> {
  return (await container.inspect()).NetworkSettings.Networks[name]?.[field] ?? '';
}

/** The next one has the card of the first, too, as with `--mac-address`. */
it.each([ipv4, ipv6])(
  'no client of a container that is disconnected from its network reaches the next one at its $name address',
  async (family) => {
    const t = await part();
    await using network = await startNetwork(family.network);
    const MacAddress = '02:77:15:00:00:01';
    const create = { NetworkingConfig: { EndpointsConfig: { [network.name]: { MacAddress } } } };
    await using web = await startReplica({ labels: t.labelled(unseen), networks: [network.name], create });
    await t.sealane.line(upstreamIs(web.name, 'ready'));
    const address = await addressOn(network, family, web);
    engine.holdEvents();
    await network.disconnect(web);
    await using stranger = await startAt(network, address, { ...family, MacAddress });
    expect(await stranger.address()).toBe(address);
    expect(await answersOfFour(t.port)).not.toContain('stranger');
    await using back = await startReplica({ labels: t.labelled(unseen), networks: [network.name] });
    engine.releaseEvents();
    await eventually(
      () => whoAnswers(t.port),
      (answer) => answer === back.name,
    );
  },
);

/** Sealane knows the card of an IPv4 address; of an IPv6 address it asks the engine. */
const ends: [string, Family['name'], Family, (web: TestContainer, network: TestNetwork) => Promise<void>][] = [
  ['is removed', 'IPv4', ipv4, (web) => web.remove()],
  ['is killed', 'IPv6', ipv6, (web) => web.kill()],
  ['is disconnected from its network', 'IPv4', ipv4, (web, network) => network.disconnect(web)],
  ['is disconnected from its network', 'IPv6', ipv6, (web, network) => network.disconnect(web)],
];

it.each(ends)(
  'in a container that sees no other processes, no client of one that %s reaches the next one at its %s address',
  async (_, _name, family, end) => {
    const prefix = uniqueName('label');
    await using proxy = await startEngineProxy(testedEngine().host);
    // Its port is published to an IPv4 address, and with two of them the answers would take the way of the other network.
    await using published = await startNetwork();
    await using network = await startNetwork(family.network);
    const networks = [network.name];
    const labels = Object.fromEntries(
      Object.entries({ listen: '9080', port: '8080', pool: 'web', ...unseen }).map(([name, value]) => [
        `${prefix}.${name}`,
        value,
      ]),
    );
    await using web = await startReplica({ labels, networks });
    await using sealane = await startInsideEngine(
      { engine: proxy.url, networks: family === ipv6 ? [published.name, network.name] : networks, port: 9080 },
      ...['--label-prefix', prefix],
    );
    const port = sealane.mappedPort(9080);
    const served = (by: string): Promise<string> =>
      eventually(
        () => whoAnswers(port),
        (answer) => answer === by,
      );
    await served(web.name);
    const address = await addressOn(network, family, web);
    proxy.holdEvents();
    await end(web, network);
    // A container that dials Sealane tells it so which network card has its address now.
    await using stranger = await startAt(network, address, family, `${await addressOn(network, family, sealane)} 9080`);
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
async function startAt(
  network: TestNetwork,
  address: string,
  { name, field, MacAddress }: Family & { readonly MacAddress?: string } = ipv4,
  dialed?: string,
): Promise<Stranger> {
  await using stack = new AsyncDisposableStack();
  const container = await engineClient().createContainer({
    Image: inject('images').tools,
    Cmd: [
      'sh',
      '-c',
      `${serve('stranger')} ${dialed === undefined ? 'wait' : `while :; do nc -w 1 ${dialed} < /dev/null; sleep 0.1; done`}`,
    ],
    NetworkingConfig: {
      EndpointsConfig: {
        [network.name]: {
          IPAMConfig: { [`${name}Address`]: address },
          ...(MacAddress !== undefined && { MacAddress }),
        },
      },
    },
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
  const ask = [...args, 'busybox', 'wget', '-qO-', `http://${name === 'IPv6' ? `[${address}]` : address}:8080/`];
  await eventually(() => run(program, ask).catch(() => ''), Boolean);
  const kept = stack.move();
  return {
    address: async () => (await container.inspect()).NetworkSettings.Networks[network.name]?.[field],
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}
