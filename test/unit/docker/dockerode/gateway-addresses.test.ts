import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { GatewayAddresses, type GatewayAttachments } from '../../../../src/docker/dockerode/gateway-addresses.ts';
import { EngineError } from '../../../../src/docker/engine.ts';
import type { ContainerFacts, NetworkAttachment } from '../../../../src/docker/facts.ts';
import { parseNetworkContainers } from '../../../../src/docker/parse.ts';
import { containerFacts } from '../../../support/facts.ts';
import { settle } from '../../../support/fake-engine/port.ts';
import { ManualClock } from '../../../support/manual-clock.ts';

const overlay: NetworkAttachment = { name: 'ov', networkId: 'n1', driver: 'overlay', ipv4: '10.0.1.3' };
const bridge: NetworkAttachment = { name: 'docker_gwbridge', networkId: 'n2', driver: 'bridge', ipv4: '172.18.0.3' };

function onOverlay(over: Partial<ContainerFacts> = {}): ContainerFacts {
  return containerFacts({ networking: { kind: 'networks', attachments: [overlay] }, ...over });
}

/** The bridge of an engine whose answers the test gives. */
function scene() {
  const clock = new ManualClock();
  const asked: PromiseWithResolvers<GatewayAttachments | undefined>[] = [];
  const addresses = new GatewayAddresses(() => {
    const answer = Promise.withResolvers<GatewayAttachments | undefined>();
    asked.push(answer);
    return answer.promise;
  }, clock);
  return { clock, asked, addresses };
}

const attachmentsOf = ({ networking }: ContainerFacts): unknown =>
  networking.kind === 'networks' ? networking.attachments : undefined;

describe('the address on docker_gwbridge', () => {
  test('is one more attachment of a container on an overlay network, asked for once in its run', async () => {
    const { asked, addresses } = scene();
    const task = onOverlay();
    const added = addresses.addTo(task);
    asked[0]?.resolve(new Map([[task.id, bridge]]));
    expect(attachmentsOf(await added)).toEqual([bridge, overlay]);
    expect(attachmentsOf(await addresses.addTo(task))).toEqual([bridge, overlay]);
    expect(asked).toHaveLength(1);
    const again = addresses.addTo({ ...task, startedAtNs: task.startedAtNs + 1n });
    asked[1]?.resolve(new Map([[task.id, { ...bridge, ipv4: '172.18.0.9' }]]));
    expect(attachmentsOf(await again)).toEqual([{ ...bridge, ipv4: '172.18.0.9' }, overlay]);
  });

  test.each([
    ['is on no overlay', containerFacts()],
    ['is on the host network', containerFacts({ networking: { kind: 'host' } })],
    ['does not run', onOverlay({ state: 'exited' })],
  ])('is not asked for where the container %s', async (_, facts) => {
    const { asked, addresses } = scene();
    expect(await addresses.addTo(facts)).toBe(facts);
    expect(asked).toEqual([]);
  });

  test('of containers that start together takes two calls at most, since the first may have begun too early', async () => {
    const { asked, addresses } = scene();
    const [early, ...late] = [onOverlay(), onOverlay(), onOverlay()];
    if (!early) throw new Error('there are three');
    const first = addresses.addTo(early);
    const others = late.map((one) => addresses.addTo(one));
    asked[0]?.resolve(new Map([[early.id, bridge]]));
    expect(attachmentsOf(await first)).toEqual([bridge, overlay]);
    await settle();
    asked[1]?.resolve(new Map(late.map(({ id }) => [id, bridge])));
    for (const one of await Promise.all(others)) expect(attachmentsOf(one)).toEqual([bridge, overlay]);
    expect(asked).toHaveLength(2);
  });

  test('that the bridge does not have stays unknown, and is asked for again', async () => {
    const { asked, addresses } = scene();
    const internal = onOverlay();
    const added = addresses.addTo(internal);
    asked[0]?.resolve(new Map());
    expect(attachmentsOf(await added)).toEqual([overlay]);
    void addresses.addTo(internal);
    expect(asked).toHaveLength(2);
  });

  test('that the engine fails to tell makes the facts incomplete, and is asked for at the next inspect', async () => {
    const { asked, addresses } = scene();
    const task = onOverlay();
    const added = addresses.addTo(task);
    asked[0]?.reject(new EngineError('refused', 'status 500'));
    expect(await added).toMatchObject({ isIncomplete: true });
    const again = addresses.addTo(task);
    asked[1]?.resolve(new Map([[task.id, bridge]]));
    expect(await again).not.toHaveProperty('isIncomplete');
    expect(attachmentsOf(await again)).toEqual([bridge, overlay]);
  });

  test('is not asked for again within a minute where a proxy forbids it', async () => {
    const { asked, addresses, clock } = scene();
    const added = addresses.addTo(onOverlay());
    asked[0]?.reject(new EngineError('refused', 'forbidden', { forbidden: true }));
    expect(attachmentsOf(await added)).toEqual([overlay]);
    clock.advance(59_000);
    const again = await addresses.addTo(onOverlay());
    expect(attachmentsOf(again)).toEqual([overlay]);
    expect(again).not.toHaveProperty('isIncomplete');
    expect(asked).toHaveLength(1);
    clock.advance(1000);
    void addresses.addTo(onOverlay());
    expect(asked).toHaveLength(2);
  });

  test('is waited for no longer than two seconds, and not asked for in the next minute', async () => {
    const { asked, addresses, clock } = scene();
    const added = addresses.addTo(onOverlay());
    clock.advance(2000);
    asked[0]?.reject(new Error('aborted'));
    expect(attachmentsOf(await added)).toEqual([overlay]);
    await addresses.addTo(onOverlay());
    expect(asked).toHaveLength(1);
    clock.advance(60_000);
    void addresses.addTo(onOverlay());
    expect(asked).toHaveLength(2);
  });
});

test('a recorded bridge tells the address of each container on it', async () => {
  const path = join(import.meta.dirname, '..', 'swarm', 'recorded', 'gwbridge.json');
  const parsed = parseNetworkContainers(JSON.parse(await readFile(path, 'utf8')), 'docker_gwbridge');
  const id = 'ad43b6c1be1adc728558954da79d84500a26add6b0d6a0bfe3102c19256954ae';
  expect(parsed.ok && parsed.value.get(id)).toEqual({
    name: 'docker_gwbridge',
    networkId: 'e267edc6fc670ec88e56d21f6408339152456dd2db48e806315098769bbe5f75',
    driver: 'bridge',
    ipv4: '10.204.0.5',
  });
});
