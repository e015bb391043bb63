import { thisMachine } from '../docker/find/machine.ts';
import { demoPlace } from './demo-place.ts';
import type { DockerEnvironmentSpec, Environment } from './environment.ts';
import type { Output } from './output.ts';

/**
 * Runs the tour on real containers: Sealane as a sidecar that watches the engine's socket, and labelled replicas beside
 * it on a network of their own. The labels have a prefix that only this run uses, so that no other Sealane on the
 * engine acts on them.
 */
const port = 8080;
const runLabel = 'dev.sealane.demo';

export async function openDockerEnvironment(
  { host: engineUrl, client, image }: DockerEnvironmentSpec,
  output: Output,
  signal: AbortSignal,
): Promise<Environment> {
  const { socket, bind, host } = await demoPlace(engineUrl, thisMachine());
  const run = `sealane-demo-${crypto.randomUUID().slice(0, 6)}`;
  const filters = { label: [`${runLabel}=${run}`] };
  let network: { remove(): Promise<unknown> } | undefined;
  const replicas: string[] = [];
  let serial = 0;

  const close = async (): Promise<void> => {
    const containers = await client.listContainers({ all: true, filters }).catch(() => []);
    await Promise.all(
      containers.map(({ Id }) =>
        client
          .getContainer(Id)
          .remove({ force: true, v: true })
          .catch(() => {}),
      ),
    );
    await network?.remove().catch(() => {});
  };

  try {
    network = await client.createNetwork({ Name: run, Labels: { [runLabel]: run } });
    const sealane = await output.step('starting Sealane in a container', () => startSidecar());
    const published = (await sealane.inspect()).NetworkSettings.Ports[`${port}/tcp`]?.[0]?.HostPort;
    if (published === undefined) throw new Error('the engine published no port for Sealane');

    return {
      host,
      port: Number(published),
      stopTitle: 'docker stop one of the two',
      replicas: () => [...replicas],
      add: async (count) => {
        await Promise.all(Array.from({ length: count }, startReplica));
      },
      remove: async (count) => {
        const leaving = replicas.splice(-count);
        await Promise.all(
          leaving.map(async (name) => {
            const container = client.getContainer(`${run}-${name}`);
            await container.stop({ t: 10 });
            await container.remove();
          }),
        );
      },
      stopOne: async () => {
        const name = replicas.pop();
        if (name !== undefined) await client.getContainer(`${run}-${name}`).stop({ t: 10 });
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }

  async function startSidecar() {
    const container = await client.createContainer({
      name: `${run}-sealane`,
      Image: image,
      Cmd: ['run', '--label-prefix', run, '--access-log', 'off'],
      Labels: { [runLabel]: run },
      // As in docker-compose.yml, root without capabilities may open the socket, whatever the group of the socket.
      User: '0:0',
      ExposedPorts: { [`${port}/tcp`]: {} },
      HostConfig: {
        NetworkMode: run,
        Binds: [`${socket}:/var/run/docker.sock:ro`],
        PortBindings: { [`${port}/tcp`]: [{ HostIp: bind, HostPort: '' }] },
        ReadonlyRootfs: true,
        CapDrop: ['ALL'],
        SecurityOpt: ['no-new-privileges:true'],
      },
    });
    await container.start();
    return container;
  }

  async function startReplica(): Promise<void> {
    signal.throwIfAborted();
    serial += 1;
    const name = `whoami-${serial}`;
    const container = await client.createContainer({
      name: `${run}-${name}`,
      Image: image,
      Cmd: ['whoami', '--port', String(port)],
      Env: [`WHOAMI_NAME=${name}`],
      Labels: {
        [runLabel]: run,
        [`${run}.listen`]: String(port),
        [`${run}.port`]: String(port),
        [`${run}.pool`]: 'whoami',
      },
      // The image's HEALTHCHECK is for Sealane. Without one, a replica is ready when its port first accepts a
      // connection.
      Healthcheck: { Test: ['NONE'] },
      HostConfig: { NetworkMode: run },
    });
    await container.start();
    replicas.push(name);
  }
}
