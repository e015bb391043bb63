import { once } from 'node:events';
import { createConnection } from 'node:net';
import { dirname } from 'node:path';
import { expect, inject, it } from 'vitest';
import { endpointPaths } from '../../src/docker/endpoints.ts';
import { engineClient, startContainer, startNetwork, uniqueName } from '../support/engine/containers.ts';
import { startFilteringProxy } from '../support/engine/proxies/filtering.ts';
import { eventually, startReplica, whoAnswers } from '../support/engine/replica.ts';
import { testedEngine } from '../support/engine/tested-engine.ts';
import { hasFields, logLines } from '../support/sealane/sealane.ts';

const reading = [...endpointPaths('needed'), ...endpointPaths('optional')].map((path) => `GET ${path}`);
const joining = ['POST /networks/{id}/connect', 'POST /networks/{id}/disconnect'];
const otherChanges = ['start', 'stop', 'pause', 'unpause'].map((change) => `POST /containers/{id}/${change}`);

/** Whether the engine moves the gateway of a container to the first of its networks by name: Docker before 28. */
async function decidesByName(): Promise<boolean> {
  const { ApiVersion } = await engineClient().version();
  return Number(ApiVersion.split('.')[1]) < 48;
}

it('Sealane joins the networks that its containers need, and leaves no others than those, also after a restart', async () => {
  const prefix = uniqueName('label');
  const labels = (listen: number, port: number) => {
    // The labels ask for changes that are not allowed.
    const all = { listen, port, pool: `on-${listen}`, sleep: '1ms' };
    return Object.fromEntries(Object.entries(all).map(([name, value]) => [`${prefix}.${name}`, String(value)]));
  };
  await using own = await startNetwork({}, uniqueName('m-own'));
  await using byHand = await startNetwork({}, uniqueName('n-by-hand'));
  await using theirs = await startNetwork({}, uniqueName('z-theirs'));
  await using early = await startNetwork({}, uniqueName('a-early'));
  await using internal = await startNetwork({ Internal: true }, uniqueName('b-internal'));
  await using proxy = await startFilteringProxy(testedEngine().host, {
    allow: [...reading, ...joining, ...otherChanges],
  });
  await using echo = await startReplica({ labels: labels(9000, 7), networks: [own.name] });
  await using web = await startReplica({ labels: labels(9001, 8080), networks: [theirs.name] });
  await using hidden = await startReplica({ labels: labels(9002, 8080), networks: [early.name, internal.name] });
  await using sealane = await startContainer({
    image: inject('images').sealane,
    command: ['run', '--label-prefix', prefix, '--docker', 'unix:///run/engine/docker.sock'],
    networks: [own.name, byHand.name],
    env: { SEALANE_LOG_FORMAT: 'json', SEALANE_ENGINE_ACTIONS: 'connect' },
    ports: [9000],
    binds: [`${dirname(proxy.url.replace('unix://', ''))}:/run/engine:ro`],
    create: { User: '0' },
  });
  const networks = async (): Promise<string[]> =>
    Object.keys((await sealane.inspect()).NetworkSettings.Networks).toSorted();
  const answering = (): Promise<string> => sealane.address(own.name).then((address) => whoAnswers(9001, address));
  const mayJoinEarly = !(await decidesByName());
  const joined = [...(mayJoinEarly ? [early.name] : []), own.name, byHand.name, theirs.name].toSorted();

  await eventually(answering, (answer) => answer === web.name);
  await eventually(networks, (names) => names.length === joined.length);
  expect(await networks()).toEqual(joined);
  const lines = logLines(await sealane.logs());
  const action = { event: 'engine-action', action: 'connect', networkId: theirs.id, containerId: sealane.id };
  expect(lines.find((line) => hasFields(line, action))?.['cause']).toContain(web.name);
  if (!mayJoinEarly) {
    const problem = { event: 'problem', code: 'no-shared-network', subject: hidden.name };
    // Until Sealane knows its own networks, it says no more than that there is none in common.
    await eventually(
      async () => logLines(await sealane.logs()).findLast((line) => hasFields(line, problem))?.msg,
      (message) => message?.includes('would move the published ports') === true,
    );
  }

  // A client of a published port, which a network that is joined must not cut.
  const client = createConnection(sealane.mappedPort(9000), '127.0.0.1');
  await once(client, 'connect');
  await using late = await startNetwork({}, uniqueName('z-late'));
  await using api = await startReplica({ labels: labels(9003, 8080), networks: [late.name] });
  await eventually(networks, (names) => names.includes(late.name));
  client.write('still here');
  expect(String((await once(client, 'data'))[0]), echo.name).toBe('still here');
  client.destroy();
  await api.stop();
  await eventually(networks, (names) => !names.includes(late.name));

  await sealane.restart(0);
  await eventually(answering, (answer) => answer === web.name);
  expect(await networks()).toEqual(joined);
  await web.stop();
  await eventually(networks, (names) => !names.includes(theirs.name));
  expect(await networks()).toEqual(joined.filter((name) => name !== theirs.name));

  // A stopped container that is on a removed network could not be started again.
  await web.start();
  await eventually(networks, (names) => names.includes(theirs.name));
  await sealane.stop();
  expect(await networks()).toEqual([own.name, byHand.name].toSorted());

  const changes = [...proxy.allowed, ...proxy.refused].filter((call) => !call.startsWith('GET '));
  expect(changes.toSorted()).toEqual(joining);
});
