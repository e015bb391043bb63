import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { which } from '../../dev/machine/command.ts';
import { createStreamDriver } from '../../src/relay/driver/stream/driver.ts';
import { dieWithParent } from '../support/programs/die-with-parent.ts';
import { freePort } from '../support/sockets/free-port.ts';
import { published } from '../support/sockets/port-proxy.ts';
import { dispatcherRig, publishAndBind, until, type Rig } from '../support/sockets/rig.ts';
import { dial, serveEcho } from '../support/sockets/sockets.ts';
import { spliceHere } from '../support/sockets/splice.ts';
import { pool, table } from '../support/sockets/tables.ts';

/** Docker's own port proxy in front of a port where nothing listens yet. */
const createRigs = {
  stream: () => dispatcherRig(createStreamDriver),
  splice: () => {
    const splice = spliceHere();
    return dispatcherRig(() => splice.driver, splice.stop);
  },
} satisfies Record<string, () => Rig>;
const clients = 60;

test.each((['stream', 'splice'] as const).flatMap((driver) => [false, true].map((ends) => ({ driver, ends }))))(
  '$driver: docker-proxy in front of a replica that starts late fails no client (ends: $ends)',
  async ({ driver, ends }) => {
    await using rig = createRigs[driver]();
    const port = await freePort();
    await using proxy = await startDockerProxy(port);
    const listen = await publishAndBind(rig, table([pool([published('late', proxy.port)])]));
    const answers = Array.from({ length: clients }, () => ask(listen, ends));
    await until(() => rig.totals().held === clients);
    await using _ = await serveEcho(port);

    expect((await Promise.all(answers)).filter((answer) => answer !== 'hello')).toEqual([]);
  },
);

async function ask(port: number, ends: boolean): Promise<string> {
  await using client = await dial(port);
  if (ends) client.socket.end('hello');
  else client.socket.write('hello');
  return await client.read(5).catch(() => 'failed');
}

async function startDockerProxy(behind: number) {
  const port = await freePort();
  const address = ['-host-ip', '127.0.0.1', '-host-port', `${port}`];
  const target = ['-container-ip', '127.0.0.1', '-container-port', `${behind}`];
  const program = await which('docker-proxy');
  if (program === undefined) throw new Error('docker-proxy, which comes with Docker, is not on the PATH.');
  const [command, ...args] = [...dieWithParent, program, '-proto', 'tcp', ...address, ...target] as const;
  const proxy = spawn(command, args, { stdio: ['ignore', 'ignore', 'inherit', 'pipe'] });
  const exited = once(proxy, 'exit');
  // The proxy writes there once: 0 when it listens, else 1 and why it does not.
  const answer = proxy.stdio[3] as Readable;
  const [chunk] = (await Promise.race([once(answer, 'data'), once(answer, 'end')])) as [Buffer?];
  const said = chunk?.toString() ?? 'it said nothing';
  if (!said.startsWith('0')) throw new Error(`docker-proxy does not listen: ${said}`);
  return {
    port,
    async [Symbol.asyncDispose]() {
      proxy.kill();
      await exited;
    },
  };
}
