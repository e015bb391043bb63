import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { expect, inject, it } from 'vitest';
import { endpointPaths } from '../../src/docker/endpoints.ts';
import { changeName, changingEndpoints } from '../../src/docker/engine-actions.ts';
import { startInsideEngine } from '../support/engine/beside-engine.ts';
import { engineClient, startNetwork, uniqueName } from '../support/engine/containers.ts';
import { startFilteringProxy } from '../support/engine/proxies/filtering.ts';
import { eventually, startReplica } from '../support/engine/replica.ts';
import { testedEngine } from '../support/engine/tested-engine.ts';

const reading = [...endpointPaths('needed'), ...endpointPaths('optional')].map((path) => `GET ${path}`);
const changing = (Object.keys(changingEndpoints) as (keyof typeof changingEndpoints)[]).map(changeName);
const joining = changing.filter((call) => call.includes('/networks/'));
const shop = (service: string) => ({ 'com.docker.compose.project': 'shop', 'com.docker.compose.service': service });

/** What the name answers, or the code of the socket's error. */
function ask(port: number, host: string): Promise<string> {
  return new Promise((resolve) => {
    const { address } = testedEngine();
    request({ host: address, port, headers: { host }, agent: false }, (answer) => void text(answer).then(resolve))
      .on('error', (error: NodeJS.ErrnoException) => resolve(String(error.code)))
      .end();
  });
}

interface Exposing extends AsyncDisposable {
  readonly name: string;
}

/** A replica whose port is exposed and not published, for whose publication testcontainers would wait. */
async function startExposing(port: number, labels: Record<string, string>, network: string): Promise<Exposing> {
  const name = uniqueName('replica');
  const container = await engineClient().createContainer({
    name,
    Image: inject('images').tools,
    Cmd: ['sh', '-c', `mkdir -p /tmp/www; echo ${name} > /tmp/www/index.html; httpd -f -p ${port} -h /tmp/www`],
    Labels: labels,
    ExposedPorts: { [`${port}/tcp`]: {} },
    HostConfig: { NetworkMode: network },
  });
  await container.start();
  return { name, [Symbol.asyncDispose]: async () => void (await container.remove({ force: true, v: true })) };
}

it('in a container of Podman, Sealane joins the networks of projects, serves their names, and leaves what it joined', async () => {
  const prefix = uniqueName('label');
  await using own = await startNetwork({}, uniqueName('m-own'));
  await using byHand = await startNetwork({}, uniqueName('n-by-hand'));
  await using theirs = await startNetwork({}, uniqueName('a-theirs'));
  await using internal = await startNetwork({ Internal: true }, uniqueName('z-internal'));
  await using proxy = await startFilteringProxy(testedEngine().host, { allow: [...reading, ...changing] });
  await using near = await startExposing(8080, shop('near'), own.name);
  await using db = await startExposing(5432, shop('db'), own.name);
  const labelled = (service: string) => ({ ...shop(service), [`${prefix}.port`]: '8080', [`${prefix}.sleep`]: '1ms' });
  await using web = await startReplica({ labels: labelled('web'), networks: [theirs.name] });
  await using hidden = await startReplica({ labels: labelled('hidden'), networks: [internal.name] });
  await using sealane = await startInsideEngine(
    { engine: proxy.url, networks: [own.name, byHand.name], port: 9080 },
    ...['--label-prefix', prefix, '--expose', 'all', '--names-listen', '9080', '--engine-actions', 'connect'],
  );
  const port = sealane.mappedPort(9080);
  const answers = (service: string, answer: string): Promise<string> =>
    eventually(
      () => ask(port, `${service}.shop.localhost`),
      (said) => said === `${answer}\n`,
    );
  const networks = async (): Promise<string[]> =>
    Object.keys((await sealane.inspect()).NetworkSettings.Networks).toSorted();
  const given = [own.name, byHand.name].toSorted();

  await answers('near', near.name);
  await answers('web', web.name);
  expect(await networks()).toEqual([theirs.name, ...given]);
  const index = await ask(port, 'localhost');
  expect(index).toContain('http://web.shop.localhost');
  expect(index).not.toContain('db.shop');
  const logs = await sealane.logs();
  expect(logs, hidden.name).toContain(`does not join network \\"${internal.name}\\", which is internal`);
  expect(logs).toMatch(new RegExp(`"event":"name-refused","subject":"${db.name}"`));

  await web.stop();
  await eventually(networks, (names) => names.join() === given.join());
  await web.start();
  await answers('web', web.name);
  // A Sealane that was killed knows what it joined.
  await sealane.kill();
  expect(await networks()).toEqual([theirs.name, ...given]);
  await sealane.start();
  await answers('web', web.name);
  await web.remove();
  await eventually(networks, (names) => names.join() === given.join());
  await sealane.stop();
  expect(await networks()).toEqual(given);
  const changes = [...proxy.allowed, ...proxy.refused].filter((call) => !call.startsWith('GET '));
  expect(changes.toSorted()).toEqual([...joining].toSorted());
});
