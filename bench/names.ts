import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { get as getPlain } from 'node:http';
import { get as getSecure } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { acquireEngine } from '../dev/engine/acquire.ts';
import { installMissing } from '../dev/machine/packages.ts';
import { startSealane } from '../test/support/sealane/sealane.ts';
import { freePort } from '../test/support/sockets/free-port.ts';
import { buildToolsImage } from '../test/support/engine/images.ts';

/**
 * `npm run bench:names`: the time of the first request to a container without labels under its new name, over HTTP and
 * HTTPS, from the connection to the end of the answer; and the time from the container's start, as the command that starts
 * it returns, until that answer. Needs a Docker engine, or root on Debian or Ubuntu.
 */
const samples = 20;

await installMissing([{ program: 'busybox', debianPackage: 'busybox-static' }], say);
await using engine = await acquireEngine({ allowPrivate: true, onProgress: say });
const image = await buildToolsImage(engine);
const folder = await mkdtemp(join(tmpdir(), 'sealane-bench-'));
const [plain, tls] = [await freePort(), await freePort()];
{
  await using sealane = startSealane(
    ...['--docker', engine.host, '--label-prefix', 'bench', '--bind', '127.0.0.1', '--expose', 'all'],
    ...['--names', '{container}.localhost', '--names-ca', folder],
    ...['--names-listen', `http://127.0.0.1:${plain},https://127.0.0.1:${tls}`],
  );
  await sealane.line({ event: 'engine-connected' });
  const first: Record<'http' | 'https', number[]> = { http: [], https: [] };
  const sinceStart: number[] = [];
  for (let round = 0; round < 2 * samples; round += 1) {
    const scheme = round % 2 === 0 ? 'http' : 'https';
    const name = `bench-${process.pid}-${round}`;
    const script = 'mkdir -p /tmp/www; echo hello > /tmp/www/index.html; exec httpd -f -p 8080 -h /tmp/www';
    const container = await engine.client.createContainer({
      ...{ Image: image, name, Cmd: ['sh', '-c', script], ExposedPorts: { '8080/tcp': {} } },
    });
    try {
      const beganMs = performance.now();
      await container.start();
      // The route of the name is open only once its certificate is there.
      const port = scheme === 'http' ? plain : tls;
      await sealane.line({ event: 'route-opened', service: name, listen: new RegExp(`:${port} `) });
      const dialedMs = performance.now();
      await request(scheme, `${name}.localhost`, port);
      const endedMs = performance.now();
      first[scheme].push(endedMs - dialedMs);
      if (scheme === 'https') sinceStart.push(endedMs - beganMs);
    } finally {
      await container.remove({ force: true });
    }
  }
  print('first request with a new name, HTTP', first.http);
  print('first request with a new name, HTTPS', first.https);
  print('docker start → answer over HTTPS', sinceStart);
}
await rm(folder, { recursive: true });

async function request(scheme: 'http' | 'https', host: string, port: number): Promise<void> {
  const ca = scheme === 'https' ? await readFile(join(folder, 'ca.crt')) : undefined;
  await new Promise<void>((resolve, reject) => {
    const get = scheme === 'https' ? getSecure : getPlain;
    const options = { host: '127.0.0.1', port, servername: host, headers: { host }, ca, agent: false };
    get(options, (response) => {
      response
        .resume()
        .on('end', () => (response.statusCode === 200 ? resolve() : reject(new Error(String(response.statusCode)))));
    }).on('error', reject);
  });
}

function print(what: string, values: readonly number[]): void {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number): string => (sorted[Math.ceil(share * sorted.length) - 1] ?? 0).toFixed(1);
  process.stdout.write(`${what}: p50 ${at(0.5)} ms, most ${at(1)} ms over ${values.length}\n`);
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}
