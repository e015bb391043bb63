import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from '../../test/support/sockets/free-port.ts';
import { helloName } from './hello-server.ts';
import type { Certificate } from './tls-load.ts';
import { listening, start, type Running } from './processes.ts';

/**
 * What is compared: each relays a port to the web server, one to iperf3 and, if it can, one by name, one with a PROXY
 * header and two whose TLS it ends, with as many threads; nginx always with one process.
 */
interface Backends {
  readonly http: number;
  readonly bulk: number;
  /** Begins with a ClientHello. */
  readonly named: number;
  /** The web server again, where it wants a PROXY header. */
  readonly proxied: number;
  /** What is inside TLS: the web server; one that pours. */
  readonly tlsWeb: number;
  readonly tlsBulk: number;
}

export interface Peer extends AsyncDisposable {
  readonly name: string;
  readonly http: number;
  readonly bulk: number;
  /** Leads by TLS server name; sends a PROXY header; ends TLS. Undefined where it can't. */
  readonly named: number | undefined;
  readonly proxied: number | undefined;
  readonly tlsWeb: number | undefined;
  readonly tlsBulk: number | undefined;
  /** Whose CPU time and memory count; none for `direct`. */
  readonly pids: readonly number[];
}

interface PeerOptions {
  /** For what is written. */
  readonly folder: string;
  /** Threads or processes that relay. */
  readonly workers: number;
  readonly certificate: Certificate;
}

export type StartPeer = (backends: Backends, options: PeerOptions) => Promise<Peer>;

const executable = new URL('../../dist/main.js', import.meta.url).pathname;
/** An earlier build's `main.js`, to be measured beside this one. */
const earlier = process.env['SEALANE_BENCH_BEFORE'];
const streamModule = '/usr/lib/nginx/modules/ngx_stream_module.so';
const dockerProxy = '/usr/sbin/docker-proxy';

/** By name; a peer whose program is missing is left out. */
export const peers: Readonly<Record<string, { readonly start: StartPeer; readonly needs: readonly string[] }>> = {
  direct: {
    start: (backends) => Promise.resolve(peer('direct', { ...backends, ...noTls, proxied: undefined }, [])),
    needs: [],
  },
  'sealane/splice': { start: (backends, options) => sealane('splice', backends, options), needs: [executable] },
  'sealane/stream': { start: (backends, options) => sealane('stream', backends, options), needs: [executable] },
  'before/splice': {
    start: (backends, options) => sealane('splice', backends, options, earlier),
    needs: [earlier ?? '(no earlier build)'],
  },
  haproxy: { start: haproxy, needs: ['/usr/sbin/haproxy'] },
  nginx: { start: nginx, needs: ['/usr/sbin/nginx', streamModule] },
  'docker-proxy': { start: dockerProxies, needs: [dockerProxy] },
};

export function available(): string[] {
  return Object.keys(peers).filter((name) => peers[name]?.needs.every((file) => existsSync(file)));
}

/** The web server behind all of them: a small answer, kept-alive connections. */
export async function startWebServer(
  folder: string,
): Promise<{ readonly port: number; readonly proxied: number } & AsyncDisposable> {
  const [port, proxied] = [await freePort(), await freePort()];
  const file = join(folder, 'backend.conf');
  await writeFile(
    file,
    `${nginxHead(folder, 'backend')}
events { worker_connections 9000; }
http {
  access_log off;
  keepalive_requests 1000000000;
  server { listen 127.0.0.1:${port} backlog=8192; listen 127.0.0.1:${proxied} backlog=8192 proxy_protocol; location / { default_type text/plain; return 200 "ok\\n"; } }
}
`,
  );
  const running = start('nginx', ['-c', file, '-e', 'stderr']);
  await listening(port);
  return { port, proxied, [Symbol.asyncDispose]: () => running[Symbol.asyncDispose]() };
}

export async function startHelloServer(): Promise<{ readonly port: number } & AsyncDisposable> {
  const port = await freePort();
  const child = fork(new URL('hello-server.ts', import.meta.url), [String(port)]);
  await listening(port);
  return {
    port,
    async [Symbol.asyncDispose]() {
      const gone = once(child, 'exit');
      child.kill();
      await gone;
    },
  };
}

export async function startIperf(): Promise<{ readonly port: number } & AsyncDisposable> {
  const port = await freePort();
  const running = start('iperf3', ['-s', '-B', '127.0.0.1', '-p', String(port)]);
  await listening(port);
  return { port, [Symbol.asyncDispose]: () => running[Symbol.asyncDispose]() };
}

async function sealane(driver: string, backends: Backends, options: PeerOptions, main = executable): Promise<Peer> {
  const { folder, workers, certificate } = options;
  const ports = await freePorts();
  const file = join(folder, `${main === executable ? 'sealane' : 'before'}-${driver}.yaml`);
  const service = (name: keyof Backends, more = ''): string =>
    `  ${name}:\n    listen: 127.0.0.1:${ports[name]}\n    upstreams: ["127.0.0.1:${backends[name]}"]\n${more}`;
  const plain = `${service('http')}${service('bulk')}`;
  const named = service('named', `    sni: ${helloName}\n`);
  const tls = (['tlsWeb', 'tlsBulk'] as const).map((name) => service(name, '    tls: terminate\n')).join('');
  await writeFile(file, `services:\n${plain}${named}${service('proxied', '    proxy-protocol: v2\n')}${tls}`);
  const flags = [
    '--docker',
    'none',
    '--config',
    file,
    '--driver',
    driver,
    '--admin',
    'off',
    '--workers',
    String(workers),
    '--certs',
    certificate.both,
  ];
  const quiet = ['--access-log', 'off', '--log-level', 'warn'];
  const running = start(process.execPath, [main, 'run', ...flags, ...quiet]);
  return ready(`${main === executable ? 'sealane' : 'before'}/${driver}`, ports, [running]);
}

async function haproxy(backends: Backends, { folder, workers, certificate }: PeerOptions): Promise<Peer> {
  const ports = await freePorts();
  const file = join(folder, 'haproxy.cfg');
  const proxy = (name: keyof Backends, options = '', bind = ''): string =>
    `listen ${name}\n  bind 127.0.0.1:${ports[name]} backlog 8192${bind}\n  server s 127.0.0.1:${backends[name]}${options}\n`;
  const ended = (name: keyof Backends): string => proxy(name, '', ` ssl crt ${certificate.both}`);
  const named = `frontend named
  bind 127.0.0.1:${ports.named} backlog 8192
  tcp-request inspect-delay 5s
  tcp-request content accept if { req.ssl_hello_type 1 }
  use_backend api if { req.ssl_sni -i ${helloName} }
backend api
  server s 127.0.0.1:${backends.named}
`;
  await writeFile(
    file,
    `global
  nbthread ${workers}
  maxconn 7000
defaults
  mode tcp
  option splice-request
  option splice-response
  timeout connect 5s
  timeout client 1h
  timeout server 1h
${proxy('http')}${proxy('bulk')}${proxy('proxied', ' send-proxy-v2')}${ended('tlsWeb')}${ended('tlsBulk')}${named}`,
  );
  return ready('haproxy', ports, [start('haproxy', ['-db', '-f', file])]);
}

async function nginx(backends: Backends, { folder, certificate }: PeerOptions): Promise<Peer> {
  const ports = await freePorts();
  const file = join(folder, 'nginx.conf');
  const server = (name: keyof Backends, listen = ''): string =>
    `server { listen 127.0.0.1:${ports[name]}${listen} backlog=8192; proxy_pass 127.0.0.1:${backends[name]}; proxy_timeout 1h; }`;
  await writeFile(
    file,
    `load_module ${streamModule};
${nginxHead(folder, 'nginx')}
events { worker_connections 9000; }
stream {
  access_log off;
  ssl_certificate ${certificate.both}; ssl_certificate_key ${certificate.both};
  ${server('http')} ${server('bulk')} ${server('tlsWeb', ' ssl')} ${server('tlsBulk', ' ssl')}
  map $ssl_preread_server_name $named { ${helloName} 127.0.0.1:${backends.named}; }
  server { listen 127.0.0.1:${ports.named} backlog=8192; ssl_preread on; proxy_pass $named; proxy_timeout 1h; }
}
`,
  );
  // It sends version 1 only.
  return ready('nginx', { ...ports, proxied: undefined }, [start('nginx', ['-c', file, '-e', 'stderr'])]);
}

async function dockerProxies(backends: Backends, { workers }: PeerOptions): Promise<Peer> {
  const ports = await freePorts();
  const proxy = (name: 'http' | 'bulk'): Running =>
    start(
      dockerProxy,
      ['-proto', 'tcp', '-host-ip', '127.0.0.1', '-host-port', String(ports[name])].concat([
        '-container-ip',
        '127.0.0.1',
        '-container-port',
        String(backends[name]),
      ]),
      // It reports on descriptor 3 that it listens. As many threads as the others.
      { stdio: ['ignore', 'ignore', 'pipe', 'pipe'], env: { ...process.env, GOMAXPROCS: String(workers) } },
    );
  return ready('docker-proxy', { ...ports, ...noTls, named: undefined, proxied: undefined }, [
    proxy('http'),
    proxy('bulk'),
  ]);
}

function nginxHead(folder: string, name: string): string {
  return `daemon off; master_process off; pid ${join(folder, `${name}.pid`)}; error_log stderr error;`;
}

type Ports = Pick<Peer, keyof Backends>;

const noTls = { tlsWeb: undefined, tlsBulk: undefined };

async function freePorts(): Promise<Backends> {
  return {
    http: await freePort(),
    bulk: await freePort(),
    named: await freePort(),
    proxied: await freePort(),
    tlsWeb: await freePort(),
    tlsBulk: await freePort(),
  };
}

async function ready(name: string, ports: Ports, running: readonly Running[]): Promise<Peer> {
  for (const port of Object.values(ports)) if (port !== undefined) await listening(port);
  return peer(name, ports, running);
}

function peer(name: string, ports: Ports, running: readonly Running[]): Peer {
  return {
    name,
    ...ports,
    pids: running.map(({ pid }) => pid),
    async [Symbol.asyncDispose]() {
      await Promise.all(running.map((one) => one[Symbol.asyncDispose]()));
    },
  };
}
