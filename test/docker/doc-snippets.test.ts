import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, inject, it } from 'vitest';
import { docSnippets, readCompose, withStandIns, type StandIns } from '../support/doc-snippets.ts';
import { composeProject } from '../support/engine/compose.ts';
import { untilServed, whileAsking } from '../support/engine/get.ts';
import { eventually } from '../support/engine/replica.ts';
import { tempFolder } from '../support/temp-folder.ts';

/**
 * Starts each compose file in the README and the docs that says that it runs, with stand-ins for the images that come
 * from a registry, and does what the README's tour does.
 */
const running = (await docSnippets()).filter(({ mark }) => mark === 'runs');

const sslRequest = '0000000804d2162f';

/** The image of an HTTP service that says which replica answers. */
const whoami = 'traefik/whoami';

function standIns(): StandIns {
  const { sealane, tools } = inject('images');
  // Like the real image, it does not start without a password. Its server echoes.
  const postgres = '[ -n "$$POSTGRES_PASSWORD" ] || exit 1; exec nc -ll -p 5432 -e cat';
  return {
    sealane: { image: sealane },
    [whoami]: { image: sealane, command: ['whoami', '--port', '80'], healthcheck: { disable: true } },
    'postgres:17': { image: tools, command: ['sh', '-c', postgres], expose: ['5432'] },
  };
}

/** Asks for TLS as a Postgres client does (SSLRequest), and resolves with the answer. */
async function askPostgres(port: number): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  try {
    socket.write(Buffer.from(sslRequest, 'hex'));
    const [bytes]: Buffer[] = await once(socket, 'data', { signal: AbortSignal.timeout(15_000) });
    return bytes?.toString('hex') ?? '';
  } finally {
    socket.destroy();
  }
}

it('the README has a compose file that says that it runs', () => {
  expect(running.map(({ where }) => where)).toContainEqual(expect.stringMatching(/^README\.md:/));
});

describe.each(running)('the compose file at $where', ({ text }) => {
  it('starts as written and serves each port, and no request fails while its HTTP services restart', async () => {
    const file = readCompose(text);
    const served = Object.entries(file.services).flatMap(([name, { image, labels }]) => {
      const listen = labels?.['sealane.listen'];
      return listen === undefined ? [] : [{ name, image, listen: Number(listen) }];
    });
    const web = served.filter(({ image }) => image === whoami);
    await using folder = await tempFolder();
    const socket = (process.env['DOCKER_HOST'] ?? '').replace('unix://', '');
    await folder.write('docker-compose.yml', withStandIns(file, standIns(), socket));
    await using project = composeProject(folder.path);

    await project.compose('up', '-d', ...web.flatMap(({ name }) => ['--scale', `${name}=3`]));
    for (const { image, listen } of served) {
      const port = await project.port('sealane', listen);
      if (image === whoami) await untilServed(port, 3);
      else
        await eventually(
          () => askPostgres(port).catch(String),
          (answer) => answer === sslRequest,
          30_000,
        );
    }
    for (const { name, listen } of web) {
      const restart = project.compose('restart', '-t', '1', name);
      expect(await whileAsking(await project.port('sealane', listen), restart)).toBeGreaterThan(3);
    }
    for (const { name } of served)
      await eventually(
        () => project.compose('exec', '-T', 'sealane', 'sealane', 'why', name).catch(String),
        (answer) => answer.includes(' is reachable: '),
        30_000,
      );
  });
});
