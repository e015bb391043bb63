import { expect, it } from 'vitest';
import { changeName, changingEndpoints } from '../../../src/docker/engine-actions.ts';
import { endpointPaths } from '../../../src/docker/endpoints.ts';
import { setUp } from '../../support/engine/beside-engine.ts';
import { engineClient } from '../../support/engine/containers.ts';
import { startFilteringProxy } from '../../support/engine/proxies/filtering.ts';
import { eventually, startReplica, whoAnswers } from '../../support/engine/replica.ts';
import { testedEngine } from '../../support/engine/tested-engine.ts';
import { adminApi } from '../../support/sealane/admin-api.ts';
import { freePort } from '../../support/sockets/free-port.ts';

/**
 * What reaches an engine, seen by a proxy before it that would let every changing call pass: whatever labels, operators and
 * clients ask for, only what `--engine-actions` allows.
 */
const reading = (['needed', 'optional', 'sleep'] as const).flatMap(endpointPaths).map((path) => `GET ${path}`);
const changing = (Object.keys(changingEndpoints) as (keyof typeof changingEndpoints)[]).map(changeName);
const [start, stop, pause, unpause] = changing;

it.each([
  ['none', []],
  ['stop,connect', []],
  ['start,stop', [start, stop]],
  ['start,stop,pause,connect', [start, stop, pause, unpause]],
])('with --engine-actions %s, these changing calls reach the engine: %j', async (allowed, expected) => {
  await using proxy = await startFilteringProxy(testedEngine().host, { allow: [...reading, ...changing] });
  const admin = { host: testedEngine().address, port: await freePort(), token: crypto.randomUUID() };
  await using t = await setUp(
    ...['--docker', proxy.url, '--engine-actions', allowed],
    ...['--admin', `${admin.host}:${admin.port}`, '--admin-token', admin.token],
  );
  const api = adminApi(admin);
  await api.answers();
  const send = (method: string, path: string, body?: object): Promise<Response> =>
    fetch(`${api.url}/api/services/${path}`, {
      method,
      headers: { authorization: `Bearer ${admin.token}`, 'content-type': 'application/json' },
      ...(body && { body: JSON.stringify(body) }),
    });
  const ports = { stopped: t.port, paused: await freePort() };
  // An image may have any labels. Those of actions and networks do not exist, or name what is not Sealane's.
  const hostile = {
    sleep: '1ms',
    'sleep.with': '../../etc, db',

    'engine-actions': 'start,stop,pause,connect',
  };
  await using stopped = await startReplica({ labels: t.labelled({ ...hostile, pool: 'stopped' }) });
  await using paused = await startReplica({
    labels: t.labelled({ ...hostile, pool: 'paused', listen: String(ports.paused), 'sleep.mode': 'pause' }),
  });
  await using plain = await startReplica({ labels: t.labelled({ pool: 'plain', listen: String(await freePort()) }) });
  const isTold = async (name: string): Promise<unknown> =>
    eventually(
      () => api.service(name).catch(() => undefined),
      (service) => service !== undefined,
    );
  for (const name of ['stopped', 'paused', 'plain']) await isTold(name);

  for (const name of ['stopped', 'paused', 'plain']) {
    for (const verb of ['sleep', 'wake']) expect((await send('POST', `${name}/${verb}`)).status).toBeLessThan(500);
    await send('PUT', `${name}/stand-ins/mine`, { address: '127.0.0.1:9', owner: 'eve', percent: 100, leaseMs: 5_000 });
    await send('DELETE', `${name}/stand-ins/mine`);
  }
  await plain.stop();
  expect((await send('POST', 'plain/wake')).status).toBeLessThan(500);
  const done = (): Promise<string[]> => Promise.resolve([...proxy.allowed].filter((call) => !call.startsWith('GET ')));
  // Clients that came all the time would keep the containers awake.
  const rests = expected.filter((call) => call === stop || call === pause);
  await eventually(done, (calls) => rests.every((call) => call !== undefined && calls.includes(call)));
  for (const port of Object.values(ports)) await whoAnswers(port, t.host);
  await eventually(done, (calls) => calls.length >= expected.length);
  for (const { id, name } of expected.length === 0 ? [stopped, paused] : []) {
    expect((await engineClient().getContainer(id).inspect()).State.Status).toBe('running');
    await t.sealane.line({ event: 'problem', code: 'action-not-allowed', subject: name });
  }
  expect(new Set(await done())).toEqual(new Set(expected));
  expect([...proxy.refused]).toEqual([]);
});
