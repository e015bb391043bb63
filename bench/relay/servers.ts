import { fork } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from '../../test/support/sockets/free-port.ts';
import type { Servers } from './peers.ts';
import { nginxHead } from './peers/nginx.ts';
import { listening, start } from './processes.ts';

/**
 * The servers behind the peers: nginx with a small answer on kept-alive connections, iperf3, and one that answers or
 * pours after a ClientHello.
 */
export async function startServers(folder: string): Promise<{ readonly ports: Servers } & AsyncDisposable> {
  await using ends = new AsyncDisposableStack();
  const [web, proxied, bulk, named] = [await freePort(), await freePort(), await freePort(), await freePort()];
  const file = join(folder, 'backend.conf');
  await writeFile(
    file,
    `${nginxHead(folder, 'backend')}
events { worker_connections 9000; }
http {
  access_log off;
  keepalive_requests 1000000000;
  server {
    listen 127.0.0.1:${web} backlog=8192; listen 127.0.0.1:${proxied} backlog=8192 proxy_protocol;
    location / { default_type text/plain; return 200 "ok\\n"; }
  }
}
`,
  );
  ends.use(start('nginx', ['-c', file, '-e', 'stderr']));
  ends.use(start('iperf3', ['-s', '-B', '127.0.0.1', '-p', String(bulk)]));
  const hello = fork(new URL('hello-server.ts', import.meta.url), [String(named)]);
  ends.defer(async () => {
    const gone = once(hello, 'exit');
    hello.kill();
    await gone;
  });
  for (const port of [web, proxied, bulk, named]) await listening(port);
  const kept = ends.move();
  return {
    ports: { http: web, bulk, named, proxied, tlsWeb: web, tlsBulk: named },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}
