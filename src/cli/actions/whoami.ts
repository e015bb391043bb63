import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { Server as NetServer, type AddressInfo } from 'node:net';
import { hostname, networkInterfaces } from 'node:os';
import { firstStopSignal } from '../stop-signals.ts';

/**
 * A sample HTTP service for examples, demo and tests. Its answer names the replica and repeats the request, which shows
 * which replica a connection reached.
 */
export interface WhoamiOptions {
  /** The port to listen on. 0: any free port. */
  readonly port: number;
  /** The address to listen on. Default: all addresses. */
  readonly host?: string;
  /** The name in the first line of each answer. Default: the environment variable WHOAMI_NAME. */
  readonly text?: string;
}

export interface Whoami {
  readonly port: number;
  /**
   * Serves for another `lameDuckMs`, so that proxies can stop dialing first; then finishes open requests and resolves.
   */
  close(): Promise<void>;
}

/**
 * How long whoami accepts new connections after it was asked to stop. A proxy learns of the stop a few milliseconds
 * later than whoami; a listener that closes at once would reset the connections on their way.
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
      // The event loop polls once more: connections that the kernel has accepted so far would be reset by the close.
      await new Promise((resolve) => setImmediate(resolve));
      // This is the net server's close. The HTTP server's also destroys connections whose request is still on its way.
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
