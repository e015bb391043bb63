import { z } from 'zod';
import { clientOf } from '../../../dev/engine/acquire-swarm.ts';
import { nameOf, type SwarmMachine } from '../../../dev/engine/swarm-machine.ts';
import { installMissing } from '../../../dev/machine/packages.ts';
import type { EngineClient } from '../../../src/demo/engine-client.ts';
import { buildBusyboxImage } from '../engine/busybox.ts';
import { uniqueName } from '../engine/containers.ts';

/**
 * A Swarm for tests as plain data, which a global setup can provide: its machines, the image of busybox that all of them
 * have, and an overlay network that containers may join, too.
 */
export interface TestSwarm {
  readonly machines: readonly SwarmMachine[];
  /** The number of the manager that tests talk to. */
  readonly manager: number;
  /** The image's id. A node asks no registry for an image that is named by its id. */
  readonly image: string;
  readonly overlay: string;
}

declare module 'vitest' {
  export interface ProvidedContext {
    readonly swarm: TestSwarm;
  }
}

/** Puts the image on all machines, and makes the overlay network. */
export async function equip(machines: readonly SwarmMachine[], manager = 1): Promise<TestSwarm> {
  await installMissing([{ program: 'busybox', debianPackage: 'busybox-static' }], () => {});
  const [first, ...others] = machines.map(clientOf);
  if (first === undefined) throw new Error('a Swarm has a node');
  const name = await buildBusyboxImage(first);
  await Promise.all(others.map((other) => copyImage(first, other, name)));
  const overlay = uniqueName('overlay');
  await first.createNetwork({ Name: overlay, Driver: 'overlay', Attachable: true });
  const { Id: image } = await first.getImage(name).inspect();
  return { machines, manager, image, overlay };
}

/**
 * Keeps the overlay network on all machines, by a container on each. An engine makes it when the first container joins, with
 * a network namespace for itself and one that balances, and removes both with the last: else each test would make it anew.
 */
export async function keepOverlay({ machines, image, overlay }: TestSwarm): Promise<void> {
  for (const machine of machines) {
    const container = await clientOf(machine).createContainer({
      Image: image,
      Cmd: ['sleep', 'infinity'],
      HostConfig: { NetworkMode: overlay },
    });
    await container.start();
  }
}

async function copyImage(from: EngineClient, to: EngineClient, name: string): Promise<void> {
  const loading = await to.loadImage(await from.getImage(name).get());
  for await (const _ of loading) continue;
}

/** The machine with this number, from 1. */
export function machineOf({ machines }: Pick<TestSwarm, 'machines'>, number: number): SwarmMachine {
  const machine = machines[number - 1];
  if (machine === undefined) throw new Error(`the Swarm has ${machines.length} nodes`);
  return machine;
}

/** The client of the manager that tests talk to. */
export function managerClient({ machines, manager }: TestSwarm): EngineClient {
  return clientOf(machineOf({ machines }, manager));
}

const nodeSchema = z.object({
  ID: z.string(),
  Version: z.object({ Index: z.number() }),
  Spec: z.looseObject({}),
  Description: z.object({ Hostname: z.string() }),
  Status: z.object({ State: z.string() }),
});

type SwarmNode = z.infer<typeof nodeSchema>;

/** What the manager says of the node with this number. */
export async function nodeOf(swarm: TestSwarm, number: number): Promise<SwarmNode> {
  const nodes = z.array(nodeSchema).parse(await managerClient(swarm).listNodes());
  const node = nodes.find(({ Description }) => Description.Hostname === nameOf(number));
  if (node === undefined) throw new Error(`the Swarm has no ${nameOf(number)}`);
  return node;
}

/** What `docker node update --availability` does. A node that is drained gives its tasks to others. */
export async function setAvailability(
  swarm: TestSwarm,
  number: number,
  availability: 'active' | 'pause' | 'drain',
): Promise<void> {
  const { ID, Version, Spec } = await nodeOf(swarm, number);
  await managerClient(swarm)
    .getNode(ID)
    .update({ version: Version.Index, ...Spec, Availability: availability });
}
