import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { clientOf } from '../../../dev/engine/acquire-swarm.ts';
import type { SwarmMachine } from '../../../dev/engine/swarm-machine.ts';
import { importImage } from '../../../dev/images/root-filesystem.ts';
import { run } from '../../../dev/machine/command.ts';
import { busyboxEntries } from '../engine/busybox.ts';
import { uniqueName } from '../engine/containers.ts';
import { mountedSealane, sealaneBinds } from '../sealane/mounted.ts';
import { tempFolder } from '../temp-folder.ts';
import { machineOf, type TestSwarm } from './test-swarm.ts';

/**
 * Deploys a stack file as its README says, on the nodes of a private Swarm. The stack is removed at the end of the scope.
 */
export interface Stack extends AsyncDisposable {
  readonly name: string;
  /** Runs the docker command on a node, the first one unless given. Resolves with its standard output. */
  docker(args: readonly string[], node?: number): Promise<string>;
}

/** What a test replaces of a service. */
export type StackStandIns = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

interface StackFile {
  readonly services: Readonly<Record<string, { readonly deploy?: object; readonly volumes?: readonly string[] }>>;
  readonly networks: Readonly<Record<string, object>>;
}

export async function deployStack(
  swarm: TestSwarm,
  file: string,
  {
    variables,
    standIns = {},
  }: { readonly variables: Readonly<Record<string, string>>; readonly standIns?: StackStandIns },
): Promise<Stack> {
  await using folder = await tempFolder();
  const image = await provideImage(swarm.machines);
  await Promise.all(swarm.machines.map(linkSocket));
  const stack = parse(await readFile(file, 'utf8'), { merge: true }) as StackFile;
  const services = Object.entries(stack.services).map(([key, service]) => {
    // The kernel balances virtual addresses with IPVS, which it may not have.
    const deploy = { ...service.deploy, endpoint_mode: 'dnsrr' };
    const volumes = [...(service.volumes ?? []), ...sealaneBinds()].toSorted(bySource);
    return [key, { ...service, deploy, volumes, ...standIns[key] }];
  });
  // Nor may it encrypt what goes over a network.
  const networks = Object.entries(stack.networks).map(([key, network]) => [key, { ...network, driver_opts: {} }]);
  const text = JSON.stringify({
    ...stack,
    services: Object.fromEntries(services),
    networks: Object.fromEntries(networks),
  });
  const path = await folder.write('stack.yaml', text);
  const name = uniqueName('stack');
  const env = { SEALANE_IMAGE: image, ...variables };
  const docker = (args: readonly string[], node = 1): Promise<string> =>
    run('docker', ['--host', `unix://${machineOf(swarm, node).socket}`, ...args], { env, timeoutMs: 100_000 });
  await docker(['stack', 'deploy', '--resolve-image', 'never', '-c', path, name]);
  return { name, docker, [Symbol.asyncDispose]: async () => void (await docker(['stack', 'rm', name])) };
}

/** An image of busybox on each node that runs the mounted Sealane. Resolves with its name. */
async function provideImage(machines: readonly SwarmMachine[]): Promise<string> {
  const [node, main] = mountedSealane;
  const entries = [
    ...(await busyboxEntries()),
    { kind: 'link' as const, path: '/usr/bin/env', target: '/bin/env' },
    { kind: 'link' as const, path: '/bin/node', target: node },
    { kind: 'link' as const, path: '/bin/sealane', target: main },
  ];
  const changes = [
    'ENV PATH=/bin SEALANE_DEFAULT_ADMIN_SOCKET=/dev/shm/sealane.sock SEALANE_LOG_FORMAT=json',
    `ENTRYPOINT ["node", "${main}"]`,
  ];
  const names = await Promise.all(
    machines.map((machine) => importImage(clientOf(machine), 'sealane-test-stack', entries, changes)),
  );
  return names[0] ?? '';
}

/** In this order `docker service update` leaves the mounts of a service, which restarts its tasks where it changes it. */
function bySource(a: string, b: string): number {
  const [one = '', other = ''] = [a, b].map((bind) => bind.split(':')[0]);
  return one < other ? -1 : 1;
}

/** The engines of private machines have sockets of their own; a stack mounts the one that all machines have. */
async function linkSocket({ pid, socket }: SwarmMachine): Promise<void> {
  await run('nsenter', [`--mount=/proc/${pid}/ns/mnt`, 'ln', '-sf', socket, '/run/docker.sock']);
}
