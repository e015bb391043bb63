import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { renderIndex, type NamesShown } from './index-page.ts';

/**
 * Serves the index of names on a loopback port of its own, which the relay leads clients to that no name matches.
 */
export interface IndexServer {
  readonly port: number;
  close(): Promise<void>;
}

/** More clients than that wait in the kernel's queue. */
const mostConnections = 256;
/** A client that says nothing for so long is closed. */
const patienceMs = 5_000;

export async function serveIndex(read: () => NamesShown): Promise<IndexServer> {
  const server = createServer({ headersTimeout: patienceMs, requestTimeout: patienceMs }, (request, response) =>
    answer(request, response, read()),
  );
  server.maxConnections = mostConnections;
  server.setTimeout(patienceMs);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: '127.0.0.1', port: 0 }, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

function answer({ method, headers, url = '' }: IncomingMessage, response: ServerResponse, shown: NamesShown): void {
  const { status, type, body } = renderIndex(
    { accept: headers.accept, host: absoluteHost(url) ?? headers.host },
    shown,
  );
  response.writeHead(status, {
    'Content-Type': type,
    'Content-Length': Buffer.byteLength(body),
    'Cache-Control': 'no-store',
    'Content-Security-Policy': "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    'Referrer-Policy': 'no-referrer',
    'X-Content-Type-Options': 'nosniff',
    // The client's next request may be for a name that leads elsewhere.
    Connection: 'close',
  });
  response.end(method === 'HEAD' ? undefined : body);
}

/** The host of a request target in absolute form, which goes before the `Host` header (RFC 9112, 3.2.2). */
function absoluteHost(url: string): string | undefined {
  return /^https?:\/\/([^/?#]*)/i.exec(url)?.[1];
}
