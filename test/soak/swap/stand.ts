import { setTimeout as delay } from 'node:timers/promises';
import { acquireEngine } from '../../../dev/engine/acquire.ts';
import { servicesSchema, type ApiService } from '../../../src/admin/schema.ts';
import { startContainer, startNetwork, uniqueName } from '../../support/engine/containers.ts';
import { buildSealane, sealaneImage } from '../../support/engine/images.ts';
import { startProgram } from '../../support/programs/programs.ts';
import { executable, startSealane } from '../../support/sealane/sealane.ts';
import { freePort } from '../../support/sockets/free-port.ts';
import { tempFolder } from '../../support/temp-folder.ts';

/**
 * Where Sealane runs in the soak of swaps: the service `shop/api`, with two upstreams that answer as `own`.
 */
export interface Stand extends AsyncDisposable {
  readonly title: string;
  /** Where clients connect on this machine. */
  readonly port: number;
  /** The flags with which commands reach the admin API. */
  readonly admin: readonly string[];
  /** Resolves once no stand-in of the service is left. */
  untilGivenBack(): Promise<void>;
  /** The log lines of failed sessions. */
  failedSessions(): Promise<readonly string[]>;
}

const token = 'soak-token-0123456789';

/** Sealane and its upstreams are processes of this machine. */
export async function standOnHost(threads: string): Promise<Stand> {
  await using made = new AsyncDisposableStack();
  const folder = made.use(await tempFolder());
  const owns = [await freePort(), await freePort()];
  const [port, admin] = [await freePort(), await freePort()];
  const upstreams = owns.map((own) => `'127.0.0.1:${own}'`).join(', ');
  const config = await folder.write(
    'sealane.yaml',
    `services: { shop/api: { listen: ${port}, drain: 1s, upstreams: [${upstreams}] } }\n`,
  );
  for (const own of owns) {
    const whoami = ['env', 'WHOAMI_NAME=own', process.execPath, executable, 'whoami', '--port', `${own}`];
    made.use(await startProgram(whoami, [own]));
  }
  const args = ['--docker', 'none', '--config', config, '--admin', `127.0.0.1:${admin}`, '--admin-token', token];
  const sealane = made.use(startSealane(...args, '--workers', threads, '--access-log', 'failed'));
  await sealane.line({ event: 'route-opened', service: 'shop/api' });
  const kept = made.move();
  return {
    title: 'on the host',
    port,
    ...adminOf(admin),
    failedSessions: async () =>
      sealane.lines.flatMap((line) => (line.event === 'session' ? [JSON.stringify(line)] : [])),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

/** Sealane and its upstreams are containers of one network; commands, stand-ins and clients are on the engine's host. */
export async function standInContainer(threads: string, say: (line: string) => void): Promise<Stand> {
  await using made = new AsyncDisposableStack();
  const engine = made.use(await acquireEngine({ allowPrivate: true, onProgress: say }));
  process.env['DOCKER_HOST'] = engine.host;
  process.env['TESTCONTAINERS_RYUK_DISABLED'] = 'true';
  say('building the image');
  await buildSealane(engine);
  const prefix = uniqueName('label');
  const network = made.use(await startNetwork());
  const labels = Object.entries({ listen: '8080', port: '3000', pool: 'shop/api', drain: '1s' });
  const own = {
    image: sealaneImage,
    networks: [network.name],
    command: ['whoami', '--port', '3000'],
    env: { WHOAMI_NAME: 'own' },
    // The image's own is for Sealane.
    create: { Healthcheck: { Test: ['NONE'] } },
    labels: Object.fromEntries(labels.map(([name, value]) => [`${prefix}.${name}`, value])),
  };
  for (let index = 0; index < 2; index++) made.use(await startContainer(own));
  const sealane = made.use(
    await startContainer({
      image: sealaneImage,
      networks: [network.name],
      ports: [8080, 8470],
      command: ['run', '--label-prefix', prefix, '--workers', threads, '--access-log', 'failed'],
      env: { SEALANE_ADMIN: '0.0.0.0:8470', SEALANE_ADMIN_TOKEN: token, SEALANE_LOG_FORMAT: 'json' },
      binds: [`${engine.host.replace('unix://', '')}:/var/run/docker.sock`],
      create: { User: '0:0' },
    }),
  );
  const admin = adminOf(sealane.mappedPort(8470));
  await admin.untilReady(2).catch(async (error: unknown) => {
    throw new Error(await sealane.logs(), { cause: error });
  });
  const kept = made.move();
  return {
    title: 'in a container',
    port: sealane.mappedPort(8080),
    ...admin,
    failedSessions: async () => (await sealane.logs()).split('\n').filter((line) => line.includes('"event":"session"')),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

const patienceMs = 30_000;

function adminOf(port: number) {
  const until = async (what: string, holds: (service: ApiService) => boolean): Promise<void> => {
    for (const deadline = AbortSignal.timeout(patienceMs); !deadline.aborted; await delay(20)) {
      const service = await askService(port).catch(() => undefined);
      if (service && holds(service)) return;
    }
    throw new Error(`shop/api did not become ${what}`);
  };
  return {
    admin: ['--admin', `127.0.0.1:${port}`, '--admin-token', token],
    untilGivenBack: () => until('its own again', ({ standIns }) => standIns.length === 0),
    untilReady: (count: number) =>
      until('ready', ({ upstreams }) => upstreams.filter(({ state }) => state === 'ready').length === count),
  };
}

async function askService(port: number): Promise<ApiService | undefined> {
  const answer = await fetch(`http://127.0.0.1:${port}/api/services`, {
    headers: { authorization: `Bearer ${token}` },
  });
  return servicesSchema.parse(await answer.json()).services.find(({ name }) => name === 'shop/api');
}
