import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { expect, inject, it } from 'vitest';
import { uniqueName } from '../support/engine/containers.ts';
import { eventually } from '../support/engine/replica.ts';
import { freePort } from '../support/sockets/free-port.ts';
import { startOnNode } from '../support/swarm/swarm-sealane.ts';
import { startService } from '../support/swarm/swarm-service.ts';

/** What the name answers, or the code of the socket's error. */
function ask(address: { readonly host: string; readonly port: number }, name: string): Promise<string> {
  return new Promise((resolve) => {
    const headers = { host: name };
    request({ ...address, headers, agent: false }, (answer) => void text(answer).then(resolve))
      .on('error', (error: NodeJS.ErrnoException) => resolve(String(error.code)))
      .end();
  });
}

it('the services of a stack share one port under their names, with the tasks of all nodes behind each', async () => {
  const swarm = inject('swarm');
  const port = await freePort();
  const args = ['--names', '{service}.{project}.localhost', '--names-listen', String(port)];
  await using sealane = await startOnNode(swarm, 'host', { args });
  const stack = uniqueName('shop');
  const labels = { 'com.docker.stack.namespace': stack, [`${sealane.prefix}.port`]: '8080' };
  const container = { 'com.docker.stack.namespace': stack };
  await using web = await startService(swarm, {
    name: `${stack}_web`,
    labels,
    containerLabels: container,
    replicas: 2,
  });
  await using api = await startService(swarm, {
    name: `${stack}_api`,
    labels,
    containerLabels: container,
    replicas: 1,
  });
  const tasks = [...(await web.settled(2)), ...(await api.settled(1))];
  const place = { host: sealane.host, port };
  for (const { name } of tasks) {
    const service = name.startsWith(`${stack}_web`) ? 'web' : 'api';
    await eventually(
      () => ask(place, `${service}.${stack}.localhost`),
      (answer) => answer === `${name}\n`,
    );
  }
  const index = await ask(place, 'localhost');
  for (const service of ['web', 'api']) expect(index).toContain(`http://${service}.${stack}.localhost`);
});
