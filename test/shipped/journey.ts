import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { freePort } from '../support/sockets/free-port.ts';
import { type, type User } from './user.ts';

/** How users type one of the forms in which Sealane is shipped. `port` is where clients connect. */
export interface Form {
  /** The words before those of a Sealane that needs no engine, and reaches what is on this machine. */
  readonly sealane: readonly string[];
  /** The same for one that follows the engine of DOCKER_HOST. */
  readonly following: (port: number) => readonly string[];
}

/** Labels with another prefix are not ours: on an engine that was already there, only the journey's container is served. */
const prefix = 'shipped';

/** What everybody does first. It holds that clients get what is behind Sealane: on this machine, and in a container. */
export async function journey(user: User, form: Form, version: string, image: string): Promise<void> {
  const { code, lines } = await type(user, [...form.sealane, '--version']).ended;
  assert.deepEqual([code, lines], [0, [version]]);
  await relays(user, form);
  await servesContainer(user, form, image);
}

async function relays(user: User, { sealane }: Form): Promise<void> {
  const server = createServer((_, response) => response.end('hello from localhost\n'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    await using running = type(user, [...sealane, `localhost:${(server.address() as AddressInfo).port}`]);
    const port = /\d+$/.exec(await running.line(/^\S*\d+$/))?.[0];
    assert.equal(await curl(user, `http://127.0.0.1:${port}/`), 'hello from localhost\n');
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

async function servesContainer(user: User, { following }: Form, image: string): Promise<void> {
  const port = await freePort();
  const name = `sealane-shipped-${port}`;
  const labels = ['--label', `${prefix}.listen=${port}`, '--label', `${prefix}.port=8080`];
  const page = 'echo hello from a container > /tmp/index.html; exec httpd -f -p 8080 -h /tmp';
  try {
    const started = await type(user, ['docker', 'run', '-d', '--name', name, ...labels, image, 'sh', '-c', page]).ended;
    assert.equal(started.code, 0);
    await using running = type(user, [...following(port), 'run', '--label-prefix', prefix, '--admin', 'off']);
    await running.line(/ is served on /);
    assert.equal(await curl(user, `http://127.0.0.1:${port}/`), 'hello from a container\n');
  } finally {
    await type(user, ['docker', 'rm', '-f', name]).ended;
  }
}

async function curl(user: User, url: string): Promise<string> {
  const { lines } = await type(user, ['curl', '--silent', '--show-error', url]).ended;
  return lines.map((text) => `${text}\n`).join('');
}
