import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { Server as NetServer, type AddressInfo } from 'node:net';
import { hostname, networkInterfaces } from 'node:os';
import { firstStopSignal } from '../stop-signals.ts';

/**
 * A sample HTTP service for examples, demo and tests: it answers with who it is and what it was asked, so that one sees
 * which replica a connection reached.
 */
export interface WhoamiOptions {
  /** 0: any free port. */
  readonly port: number;
  /** All addresses unless given. */
  readonly host?: string;
  /** Shown as the first line of each answer; WHOAMI_NAME of the environment unless given. */
  readonly text?: string;
}

export interface Whoami {
  readonly port: number;
  /** Answers on for a moment, so that proxies can turn away first; then finishes what it has and resolves. */
  close(): Promise<void>;
}

/**
 * How long it takes new connections after it was asked to stop. A proxy learns of the stop a few milliseconds after we
 * do; a listener closed at once would reset what is on its way.
 */
const lameDuckMs = 500;

/** Runs until SIGTERM or SIGINT and a graceful close; a second signal ends it at once. */
export async function runWhoami(options: WhoamiOptions): Promise<void> {
  const stopSignal = firstStopSignal();
  const whoami = await startWhoami(options);
  process.stdout.write(`whoami ${hostname()} listens on port ${whoami.port}\n`);
  await stopSignal;
  await whoami.close();
}

export async function startWhoami(options: WhoamiOptions): Promise<Whoami> {
  let stopping = false;
  const server = createServer((request, response) => {
    if (stopping) response.setHeader('Connection', 'close');
    answer(request, response, options.text ?? process.env['WHOAMI_NAME'], stopping);
  });
  const port = await listen(server, options);
  return {
    port,
    close: async () => {
      stopping = true;
      await new Promise((resolve) => setTimeout(resolve, lameDuckMs));
      // After the event loop has polled: what the kernel had accepted by then is ours, and would be reset by the close.
      await new Promise((resolve) => setImmediate(resolve));
      // The net server's close, not HTTP's, which also destroys connections whose request is still on its way.
      const closed = new Promise<void>((resolve) => NetServer.prototype.close.call(server, () => resolve()));
      const patience = setTimeout(() => server.closeAllConnections(), lameDuckMs);
      await closed;
      clearTimeout(patience);
    },
  };
}

function answer(request: IncomingMessage, response: ServerResponse, text: string | undefined, stopping: boolean): void {
  response.setHeader('Content-Type', 'text/plain; charset=utf-8');
  if (request.url === '/health') {
    response.statusCode = stopping ? 503 : 200;
    response.end(stopping ? 'stopping\n' : 'ok\n');
    return;
  }
  response.end(`${describe(request, text).join('\n')}\n`);
}

function describe(request: IncomingMessage, text: string | undefined): string[] {
  const { remoteAddress, remotePort } = request.socket;
  const headers: string[] = [];
  for (let index = 0; index < request.rawHeaders.length; index += 2) {
    headers.push(`${request.rawHeaders[index]}: ${request.rawHeaders[index + 1]}`);
  }
  return [
    ...(text === undefined ? [] : [`Name: ${text}`]),
    `Hostname: ${hostname()}`,
    ...ownAddresses().map((address) => `IP: ${address}`),
    `RemoteAddr: ${remoteAddress}:${remotePort}`,
    `${request.method} ${request.url} HTTP/${request.httpVersion}`,
    ...headers,
  ];
}

function ownAddresses(): string[] {
  return Object.values(networkInterfaces()).flatMap((addresses) => addresses?.map(({ address }) => address) ?? []);
}

function listen(server: Server, { port, host }: WhoamiOptions): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, ...(host === undefined ? {} : { host }) }, () => {
      server.off('error', reject);
      resolve((server.address() as AddressInfo).port);
    });
  });
}
