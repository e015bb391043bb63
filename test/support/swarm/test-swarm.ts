import { clientOf } from '../../../dev/engine/acquire-swarm.ts';
import type { SwarmMachine } from '../../../dev/engine/swarm-machine.ts';
import type { EngineClient } from '../../../src/demo/engine-client.ts';
import { buildBusyboxImage } from '../engine/busybox.ts';
import { uniqueName } from '../engine/containers.ts';

/**
 * A Swarm for tests as plain data, which a global setup can provide: its machines, the image of busybox that all of them
 * have, and an overlay network that containers may join, too.
 */
export interface TestSwarm {
  readonly machines: readonly SwarmMachine[];
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
export async function equip(machines: readonly SwarmMachine[]): Promise<TestSwarm> {
  const [first, ...others] = machines.map(clientOf);
  if (first === undefined) throw new Error('a Swarm has a node');
  const name = await buildBusyboxImage(first);
  await Promise.all(others.map((other) => copyImage(first, other, name)));
  const overlay = uniqueName('overlay');
  await first.createNetwork({ Name: overlay, Driver: 'overlay', Attachable: true });
  const { Id: image } = await first.getImage(name).inspect();
  return { machines, image, overlay };
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
