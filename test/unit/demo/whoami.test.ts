import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { expect, it } from 'vitest';
import { startWhoami } from '../../../src/cli/actions/whoami.ts';

async function ask(port: number, path = '/'): Promise<{ readonly response: IncomingMessage; readonly body: string }> {
  const [response] = (await once(get({ host: '127.0.0.1', port, path, agent: false }), 'response')) as [
    IncomingMessage,
  ];
  return { response, body: await text(response) };
}

it('whoami answers with its name and the request', async () => {
  const whoami = await startWhoami({ port: 0, host: '127.0.0.1', text: 'blue' });
  const { body } = await ask(whoami.port, '/path?x=1');
  expect(body).toMatch(
    /^Name: blue\nHostname: \S+\n(IP: \S+\n)+RemoteAddr: 127\.0\.0\.1:\d+\nGET \/path\?x=1 HTTP\/1\.1\nHost: /,
  );
  await whoami.close();
});

it('a stopping whoami still answers for a moment, but fails health checks', async () => {
  const whoami = await startWhoami({ port: 0, host: '127.0.0.1' });
  expect((await ask(whoami.port, '/health')).response.statusCode).toBe(200);
  const closed = whoami.close();
  const [last, health] = await Promise.all([ask(whoami.port), ask(whoami.port, '/health')]);
  expect(last.response.headers.connection).toBe('close');
  expect([last.response.statusCode, health.response.statusCode]).toEqual([200, 503]);
  await closed;
  await expect(ask(whoami.port)).rejects.toThrow('ECONNREFUSED');
});
