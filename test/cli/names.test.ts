import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { get } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { askSealane } from '../support/sealane/ask.ts';
import { startSealane } from '../support/sealane/sealane.ts';
import { freePort } from '../support/sockets/free-port.ts';
import { tempFolder } from '../support/temp-folder.ts';

it('static services are listed beside the names of containers, with certificates of the local authority', async () => {
  const [plain, tls] = [await freePort(), await freePort()];
  await using folder = await tempFolder();
  await using stack = new AsyncDisposableStack();
  const upstream = stack.use(createServer((_, response) => response.end('legacy')));
  await once(upstream.listen(0, '127.0.0.1'), 'listening');
  const { port } = upstream.address() as AddressInfo;
  const upstreams = [`127.0.0.1:${port}`];
  const services = {
    legacy: { upstreams },
    tls: { host: 'legacy.test', listen: String(tls), tls: 'terminate', upstreams },
  };
  // JSON is valid YAML.
  const file = await folder.write('sealane.yaml', JSON.stringify({ services }));
  await using sealane = startSealane(
    ...['run', '--docker', 'none', '--config', file, '--bind', '127.0.0.1', '--names', '{service}.{project}.localhost'],
    ...['--names-listen', `http://127.0.0.1:${plain},https://127.0.0.1:${tls}`, '--names-ca', join(folder.path, 'ca')],
  );
  await sealane.line({ event: 'route-opened', service: 'tls' });
  await sealane.line({ event: 'route-opened', service: 'legacy', listen: new RegExp(`:${tls} `) });
  await sealane.line({ event: 'route-opened', service: '(index)', listen: `127.0.0.1:${plain}` });
  const index = await fetch(`http://127.0.0.1:${plain}/`);
  expect(await index.text()).toBe(`These names are served here:\n\n  http://legacy.localhost:${plain}\n`);

  const ca = await readFile(join(folder.path, 'ca', 'ca.crt'));
  const answers = (host: string) =>
    new Promise<string>((resolve, reject) => {
      get({ host: '127.0.0.1', port: tls, servername: host, headers: { host }, ca, agent: false }, (response) => {
        let text = '';
        response.on('data', (chunk: Buffer) => (text += String(chunk))).on('end', () => resolve(text));
      }).on('error', reject);
    });
  for (const host of ['legacy.localhost', 'legacy.test']) expect(await answers(host)).toBe('legacy');
  await folder.write('sealane.yaml', JSON.stringify({ services: { ...services, more: { upstreams } } }));
  await sealane.line({ event: 'route-opened', service: 'more', listen: `127.0.0.1:${plain} for host more.localhost` });
});

it('mistakes in the settings of names are answered in one line each', async () => {
  const { code, stderr } = await askSealane(['run', '--names', '{srevice}.localhost', '--expose', 'al']);
  expect(code).toBe(2);
  expect(stderr).toContain('did you mean "{service}.localhost"?');
  expect(stderr).toContain('did you mean "all"?');
});
