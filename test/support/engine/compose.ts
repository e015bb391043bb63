import { resolve } from 'node:path';
import type { ContainerInfo } from 'dockerode';
import { inject } from 'vitest';
import { projectRoot } from '../../../dev/images/sealane-image.ts';
import { run } from '../../../dev/machine/command.ts';
import { freePort } from '../sockets/free-port.ts';
import { engineClient, uniqueName } from './containers.ts';

/**
 * Runs a compose file of this repository with docker-compose (1.29 is the oldest supported version), with the test
 * images and a free port instead of the example's own. The project is taken down at the end of the scope.
 */
export interface ComposeProject extends AsyncDisposable {
  /** Runs `docker-compose <args>`. Resolves with its standard output. */
  compose(...args: readonly string[]): Promise<string>;
  /** The id of a service's container. Asked at the engine: each start of docker-compose costs half a second. */
  container(service: string): Promise<string>;
  /** The port of this machine that a service's port is published on. */
  port(service: string, port: number): Promise<number>;
}

/**
 * docker-compose 1.29 needs half of the processor time of its start for setuptools, which stands in for Python's own
 * distutils unless this says otherwise (https://setuptools.pypa.io/en/latest/deprecated/distutils-legacy.html). Python
 * 3.12 has no distutils of its own.
 */
const startsSooner: Promise<Readonly<Record<string, string>>> = run('/usr/bin/python3', [
  '-S',
  '-c',
  'import distutils',
]).then(
  () => ({ SETUPTOOLS_USE_DISTUTILS: 'stdlib' }),
  () => ({}),
);

const portVariables = ['PORT', 'METRICS_PORT', 'TLS_PORT', 'ADMIN_PORT', 'PROMETHEUS_PORT'];

/**
 * The ports that the examples publish on 127.0.0.1. An engine that may choose them chooses for each address by itself, so
 * that the same port of [::1] may be another container's. A browser asks that first for a name of localhost.
 */
async function freePorts(): Promise<Readonly<Record<string, string>>> {
  return Object.fromEntries(await Promise.all(portVariables.map(async (name) => [name, String(await freePort())])));
}

/** The project of a compose file; `folder` is relative to the repository, or absolute. It starts no container yet. */
export function composeProject(folder: string, variables: Readonly<Record<string, string>> = {}): ComposeProject {
  const file = resolve(projectRoot, folder, 'docker-compose.yml');
  const images = inject('images');
  const env = {
    SEALANE_IMAGE: images.sealane,
    REDIS_IMAGE: images.tools,
    NGINX_IMAGE: images.tools,
    BUSYBOX_IMAGE: images.tools,
    DOCKER_SOCKET: (process.env['DOCKER_HOST'] ?? '').replace('unix://', ''),
    ...variables,
  };
  let ports: Promise<Readonly<Record<string, string>>> | undefined;
  const name = uniqueName('compose');
  const compose = async (...args: readonly string[]): Promise<string> =>
    run('docker-compose', ['-p', name, '-f', file, ...args], {
      env: { ...env, ...(await startsSooner), ...(await (ports ??= freePorts())) },
      timeoutMs: 100_000,
    });
  const containerOf = async (service: string): Promise<ContainerInfo> => {
    const label = [`com.docker.compose.project=${name}`, `com.docker.compose.service=${service}`];
    const [container] = await engineClient().listContainers({ all: true, filters: { label } });
    if (container === undefined) throw new Error(`there is no container of ${service}`);
    return container;
  };
  return {
    compose,
    container: async (service) => (await containerOf(service)).Id,
    port: async (service, port) => {
      const published = (await containerOf(service)).Ports.find(({ PrivatePort }) => PrivatePort === port)?.PublicPort;
      if (published === undefined) throw new Error(`${service} publishes no port ${port}`);
      return published;
    },
    [Symbol.asyncDispose]: () => takeDown(name),
  };
}

/** Removes a project as `docker-compose down --volumes` does, without the second that a start of docker-compose costs. */
async function takeDown(project: string): Promise<void> {
  const engine = engineClient();
  const of = { filters: { label: [`com.docker.compose.project=${project}`] } };
  const containers = await engine.listContainers({ ...of, all: true });
  await Promise.all(containers.map(({ Id }) => engine.getContainer(Id).remove({ force: true, v: true })));
  const { Volumes } = await engine.listVolumes(of);
  await Promise.all(Volumes.map(({ Name }) => engine.getVolume(Name).remove()));
  const networks = await engine.listNetworks(of);
  await Promise.all(networks.map(({ Id }) => engine.getNetwork(Id).remove()));
}
