import { setTimeout as pause } from 'node:timers/promises';
import { clientOf } from '../../../dev/engine/acquire-swarm.ts';
import { insideOf, type SwarmMachine } from '../../../dev/engine/swarm-machine.ts';
import { messageOf } from '../../../src/text/message-of.ts';
import { demultiplexed, uniqueName } from '../engine/containers.ts';
import { adminApi, type AdminApi } from '../sealane/admin-api.ts';
import { mountedSealane, sealaneBinds } from '../sealane/mounted.ts';
import { logLines, startSealaneBy, type LogLine } from '../sealane/sealane.ts';
import { freePort } from '../sockets/free-port.ts';
import { machineOf, type TestSwarm } from './test-swarm.ts';

/**
 * The built Sealane on a node of a Swarm: on its host, where it reaches tasks by ports that they publish and by the bridge
 * of the node; or in a container on the overlay network, where it reaches them at their own addresses. It has a label
 * prefix of its own, so that tests never see each other's services.
 */
export type Stand = 'host' | 'container';

export interface SwarmSealane extends AsyncDisposable {
  /** Where clients reach the listener of a service with these labels. */
  readonly host: string;
  readonly port: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly prefix: string;
  readonly api: AdminApi;
  /** Stops it. Resolves with its whole log, whose last records are written then. */
  stop(): Promise<readonly LogLine[]>;
}

/** `node`: its number, from 1. Resolves when Sealane knows its engine. */
export async function startOnNode(
  swarm: TestSwarm,
  stand: Stand,
  { node = 1, args = [] }: { readonly node?: number; readonly args?: readonly string[] } = {},
): Promise<SwarmSealane> {
  const machine = machineOf(swarm, node);
  const prefix = uniqueName('label');
  const [port, adminPort] = [await freePort(), await freePort()];
  const token = crypto.randomUUID();
  const flags = ['--label-prefix', prefix, '--admin-token', token, ...args];
  await using stack = new AsyncDisposableStack();
  const running =
    stand === 'host'
      ? startOnHost(machine, flags, adminPort)
      : await startInContainer(swarm, machine, flags, [port, adminPort]);
  stack.use(running);
  const api = adminApi({ host: machine.address, port: adminPort, token });
  await api.answers().catch(async (error: unknown) => {
    // One that has ended by itself may refuse to be stopped.
    const log = await running.stop().catch(messageOf);
    throw new Error(`${messageOf(error)}; Sealane's log: ${JSON.stringify(log)}`, { cause: error });
  });
  const kept = stack.move();
  return {
    ...{ host: machine.address, port, prefix, api },
    labels: { [`${prefix}.listen`]: String(port), [`${prefix}.port`]: '8080' },
    stop: () => running.stop(),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

interface Running extends AsyncDisposable {
  stop(): Promise<readonly LogLine[]>;
}

function startOnHost(machine: SwarmMachine, flags: readonly string[], adminPort: number): Running {
  const { address } = machine;
  const sealane = startSealaneBy(
    insideOf(machine),
    ...['--docker', `unix://${machine.socket}`, '--bind', address, '--admin', `${address}:${adminPort}`],
    ...flags,
  );
  return {
    async stop() {
      await sealane.stop();
      return sealane.lines;
    },
    [Symbol.asyncDispose]: () => sealane[Symbol.asyncDispose](),
  };
}

/**
 * Starts a container on an overlay. Docker 20.10 refuses it at times while the last container that left the overlay on
 * this node is still being detached ("network … not found", "Address already in use", or a deadline).
 */
async function attached(start: () => Promise<unknown>, attempts = 10): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await start();
      return;
    } catch (error) {
      if (
        attempt === attempts ||
        !/network \S+ not found|Address already in use|attaching to network failed/.test(messageOf(error))
      )
        throw error;
      await pause(200);
    }
  }
}

async function startInContainer(
  { image, overlay }: TestSwarm,
  machine: SwarmMachine,
  flags: readonly string[],
  ports: readonly [clients: number, admin: number],
): Promise<Running> {
  const container = await clientOf(machine).createContainer({
    Image: image,
    Cmd: [
      ...[...mountedSealane, 'run', '--docker', 'unix:///run/engine.sock'],
      ...['--admin', `0.0.0.0:${ports[1]}`, ...flags],
    ],
    Env: ['SEALANE_LOG_FORMAT=json'],
    ExposedPorts: Object.fromEntries(ports.map((port) => [`${port}/tcp`, {}])),
    HostConfig: {
      NetworkMode: overlay,
      PortBindings: Object.fromEntries(ports.map((port) => [`${port}/tcp`, [{ HostPort: String(port) }]])),
      Binds: [`${machine.socket}:/run/engine.sock`, ...sealaneBinds()],
    },
  });
  await using stack = new AsyncDisposableStack();
  stack.defer(async () => void (await container.remove({ force: true })));
  await attached(() => container.start());
  const kept = stack.move();
  return {
    async stop() {
      await container.stop();
      const raw: Buffer = await container.logs({ stdout: true, stderr: true, follow: false });
      return logLines(demultiplexed(raw));
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}
