import { connect, type AddressInfo, type Socket } from 'node:net';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { installMissing } from '../../dev/machine/packages.ts';
import { readProxyHeader, type ProxyHeader } from '../../src/relay/wire/proxy-protocol/read.ts';
import { proxies, streamModule } from '../support/programs/needs.ts';
import { startProgram } from '../support/programs/programs.ts';
import { startSealane } from '../support/sealane/sealane.ts';
import { freePort } from '../support/sockets/free-port.ts';
import { serve } from '../support/sockets/sockets.ts';
import { tempFolder } from '../support/temp-folder.ts';

/**
 * PROXY protocol with the programs that invented and use it: Debian's HAProxy and nginx before Sealane and behind it.
 *
 *   client → HAProxy (v1, v2) or nginx (v1) → Sealane → HAProxy or nginx, which reports the client's address
 */
const versions = ['v1', 'v2'] as const;
const receivers = ['haproxy', 'nginx', 'bytes'] as const;
const senders = ['haproxy-v1', 'haproxy-v2', 'nginx-v1'] as const;
const families = [
  ['IPv4', '127.0.0.1'],
  ['IPv6', '::1'],
] as const;

const request = 'GET / HTTP/1.1\r\nHost: any.test\r\nConnection: close\r\n\r\n';

/** Behind Sealane: every receiver in either version, each with a listener of its own. */
const routes = receivers.flatMap((receiver) => versions.map((version) => ({ receiver, version })));
const routeName = ({ receiver, version }: (typeof routes)[number]): string => `${receiver}-${version}`;

const stack = new AsyncDisposableStack();
const ports = new Map<string, number>();
const portOf = (name: string): number => ports.get(name) ?? 0;
/** The headers that came to the receiver that only reads bytes. */
const headers: ProxyHeader[] = [];

beforeAll(async () => {
  await installMissing(proxies, () => {});
  const folder = stack.use(await tempFolder());
  const names = [
    'haproxy',
    'nginx',
    ...routes.map((route) => `plain ${routeName(route)}`),
    ...routes.map((route) => `trusting ${routeName(route)}`),
    ...senders.flatMap((sender) => routes.map((route) => `${sender} ${routeName(route)}`)),
  ];
  for (const name of names) ports.set(name, await freePort());
  const bytes = stack.use(
    // The header may come before the request: an answer that does not wait for it makes nginx close on unread bytes.
    await serve(({ socket }) => void readRequest(socket).then((received) => answerWithHeader(received, socket))),
  );
  ports.set('bytes', bytes.port);
  const [haproxy, nginx] = [
    await folder.write('haproxy.cfg', haproxyFile()),
    await folder.write('nginx.conf', nginxFile(folder.path)),
  ];
  stack.use(await startProgram(['haproxy', '-db', '-f', haproxy], [portOf('haproxy')]));
  stack.use(await startProgram(['nginx', '-c', nginx, '-e', 'stderr'], [portOf('nginx')]));
}, 300_000);

afterAll(() => stack.disposeAsync());

async function readRequest(socket: Socket): Promise<Buffer> {
  let bytes = Buffer.alloc(0);
  while (!bytes.includes(request)) {
    const [chunk] = (await once(socket, 'data')) as [Buffer];
    bytes = Buffer.concat([bytes, chunk]);
  }
  return bytes;
}

function answerWithHeader(chunk: Buffer, socket: { end(text: string): void }): void {
  const header = readProxyHeader(chunk);
  headers.push(header);
  const source = header.kind === 'header' ? header.source : undefined;
  socket.end(`HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n${source?.host}:${source?.port}\n`);
}

function haproxyFile(): string {
  const listen = (version: 'v1' | 'v2', route: (typeof routes)[number]): string => {
    const port = portOf(`haproxy-${version} ${routeName(route)}`);
    const send = version === 'v1' ? 'send-proxy' : 'send-proxy-v2 proxy-v2-options crc32c';
    return `listen ${version}-${routeName(route)}
  bind 127.0.0.1:${port}
  bind [::1]:${port}
  server s 127.0.0.1:${portOf(`trusting ${routeName(route)}`)} ${send}
`;
  };
  return `defaults
  timeout connect 5s
  timeout client 30s
  timeout server 30s
  mode tcp
${versions.flatMap((version) => routes.map((route) => listen(version, route))).join('')}
listen receiver
  mode http
  bind 127.0.0.1:${portOf('haproxy')} accept-proxy
  http-request return status 200 content-type text/plain lf-string "%[src]:%[src_port]\\n"
`;
}

function nginxFile(folder: string): string {
  const server = (route: (typeof routes)[number]): string => {
    const port = portOf(`nginx-v1 ${routeName(route)}`);
    return `server { listen 127.0.0.1:${port}; listen [::1]:${port};
    proxy_pass 127.0.0.1:${portOf(`trusting ${routeName(route)}`)}; proxy_protocol on; }
  `;
  };
  return `load_module ${streamModule};
daemon off; master_process off; pid ${folder}/nginx.pid; error_log stderr error;
events { }
stream {
  ${routes.map(server).join('')}
}
http {
  access_log off;
  client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy; fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi; scgi_temp_path ${folder}/scgi;
  server {
    listen 127.0.0.1:${portOf('nginx')} proxy_protocol;
    location / { default_type text/plain; return 200 "$proxy_protocol_addr:$proxy_protocol_port\\n"; }
  }
}
`;
}

function sealaneFile(): string {
  const service = (route: (typeof routes)[number], kind: 'plain' | 'trusting'): string => {
    const port = portOf(`${kind} ${routeName(route)}`);
    return `  ${kind}-${routeName(route)}:
    listen: ["127.0.0.1:${port}", "[::1]:${port}"]
    upstreams: ["127.0.0.1:${portOf(route.receiver)}"]
    proxy-protocol: ${route.version}
${kind === 'trusting' ? '    accept-proxy: 127.0.0.0/8\n' : ''}`;
  };
  return `services:\n${routes.map((route) => service(route, 'plain') + service(route, 'trusting')).join('')}`;
}

/** The client's address as the far end reports it, and our own address. */
async function ask(host: string, port: number): Promise<{ readonly said: string; readonly own: string }> {
  const socket = connect(port, host);
  await once(socket, 'connect');
  const { address, port: ownPort } = socket.address() as AddressInfo;
  socket.write(request);
  let text = '';
  for await (const chunk of socket) text += String(chunk);
  return { said: text.split('\n').at(-2) ?? text, own: `${address}:${ownPort}` };
}

describe.each(['stream', 'splice'])('PROXY protocol through the %s driver', (driver) => {
  const relay = new AsyncDisposableStack();

  beforeAll(async () => {
    const folder = relay.use(await tempFolder());
    const file = await folder.write('sealane.yaml', sealaneFile());
    const sealane = relay.use(startSealane('run', '--docker', 'none', '--config', file, '--driver', driver));
    for (const route of routes) {
      for (const kind of ['plain', 'trusting'])
        await sealane.line({ event: 'route-opened', service: `${kind}-${routeName(route)}` });
    }
  }, 60_000);

  afterAll(() => relay.disposeAsync());

  describe.each(families)('over %s', (_family, host) => {
    test.each(routes)('tells $receiver in $version its client’s address', async (route) => {
      const { said, own } = await ask(host, portOf(`plain ${routeName(route)}`));
      expect(said).toBe(own);
    });

    test.each(senders.flatMap((sender) => routes.map((route) => ({ sender, ...route }))))(
      'passes on to $receiver in $version the client that $sender has announced',
      async ({ sender, ...route }) => {
        const { said, own } = await ask(host, portOf(`${sender} ${routeName(route)}`));
        expect(said).toBe(own);
      },
    );
  });

  test('passes on HAProxy’s further fields, with a correct checksum', async () => {
    await ask('127.0.0.1', portOf('haproxy-v2 bytes-v2'));
    const header = headers.at(-1);
    expect(header).toMatchObject({ kind: 'header', version: 2, tlvs: { length: 7 } });
  });

  test('rejects a trusted proxy that announces no client', async () => {
    const { said } = await ask('127.0.0.1', portOf('trusting haproxy-v1')).catch(() => ({ said: 'reset' }));
    expect(['', 'reset']).toContain(said);
  });
});
