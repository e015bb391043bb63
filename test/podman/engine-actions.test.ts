import { expect, it } from 'vitest';
import { engineActions } from '../../src/config/engine-actions.ts';
import { createDockerodeEngine } from '../../src/docker/dockerode/dockerode-engine.ts';
import type { ContainerFacts, NetworkAttachment } from '../../src/docker/facts.ts';
import { startNetwork } from '../support/engine/containers.ts';
import { startReplica } from '../support/engine/replica.ts';
import { testedEngine } from '../support/engine/tested-engine.ts';

/** What Sealane asks of an engine to change, at Podman's Docker API. */
it('Podman does what Sealane may ask for, and tells which connections Sealane made', async () => {
  const rules = { allowed: new Set(engineActions), onAction: () => {} };
  const engine = createDockerodeEngine(testedEngine().host, { actions: rules });
  await using own = await startNetwork();
  await using other = await startNetwork();
  await using byHand = await startNetwork({ Internal: true });
  await using web = await startReplica({ networks: [own.name] });
  const facts = async (): Promise<ContainerFacts | undefined> => engine.inspect(web.id);
  const attachments = async (): Promise<readonly NetworkAttachment[]> => {
    const networking = (await facts())?.networking;
    return networking?.kind === 'networks' ? networking.attachments : [];
  };
  const { actions } = engine;
  await byHand.connect(web);
  // The id of a network is its name there.
  const connection = { networkId: other.name, containerId: web.id };
  await actions.connect(connection, 'the test');
  expect(actions.keepsGateway()).toBe(true);
  expect(await engine.memoryOf(web.id)).toBeGreaterThan(10_000);
  await actions.stop(web.id, 'the test');
  await actions.stop(web.id, 'the test');
  await actions.start(web.id, 'the test');
  await actions.start(web.id, 'the test');
  const told = (await attachments()).map(({ name, joined, internal }) => ({ name, joined, internal }));
  expect(told).toEqual(
    [
      { name: own.name, joined: undefined, internal: undefined },
      { name: other.name, joined: true, internal: undefined },
      { name: byHand.name, joined: undefined, internal: true },
    ].toSorted((a, b) => (a.name < b.name ? -1 : 1)),
  );
  await actions.pause(web.id, 'the test');
  expect((await facts())?.state).toBe('paused');
  await actions.unpause(web.id, 'the test');
  expect((await facts())?.state).toBe('running');
  await actions.disconnect(connection, 'the test');
  expect((await attachments()).map(({ name }) => name)).toEqual([own.name, byHand.name].toSorted());
  await expect(actions.disconnect(connection, 'the test')).rejects.toThrow('is not connected to network');
});
