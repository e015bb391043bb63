import { once } from 'node:events';
import { connect as connectTcp, type AddressInfo, type Socket } from 'node:net';
import { connect, createServer, type ConnectionOptions, type TlsOptions, type TLSSocket } from 'node:tls';
import { resetNow } from '../../../src/relay/driver/stream/reset.ts';
import type { PoolSpec, RoutingTable, TlsSpec } from '../../../src/relay/boundary/table.ts';
import { authority, certificateFor } from '../certificates/certificates.ts';
import { listener, pool, table, upstream } from './tables.ts';
import { Peer, serve } from './sockets.ts';

/**
 * Tables of services whose TLS is ended, and clients and servers that speak TLS.
 */
export const shown = await certificateFor('api.localhost', 'localhost');

export function tlsSpec(options: Partial<TlsSpec> = {}): TlsSpec {
  return { minVersion: 'TLSv1.2', handshakeTimeoutMs: 10_000, certificates: [shown], ...options };
}

/** A table with one service, whose clients' TLS is ended. */
export function tlsTable(
  upstreams: PoolSpec['upstreams'],
  options: Partial<PoolSpec> = {},
  tls: TlsSpec = tlsSpec(),
): RoutingTable {
  const one = pool(upstreams, options);
  return { ...table([one], [{ ...listener(one.service), tls: 'terminate' }]), tls };
}

export class TlsPeer extends Peer {
  declare readonly socket: TLSSocket;
  readonly #carrier: Socket;

  constructor(socket: TLSSocket, carrier: Socket) {
    super(socket);
    this.#carrier = carrier;
  }

  reset(): void {
    resetNow(this.socket, this.#carrier);
  }
}

/** Connects and completes the handshake, with trust in the test's authority. */
export function dialTls(port: number, options: ConnectionOptions = {}): Promise<TlsPeer> {
  return speakTls(connectTcp({ host: '127.0.0.1', port, allowHalfOpen: true, noDelay: true }), options);
}

/** Completes the handshake on a connection that exists already. */
export async function speakTls(carrier: Socket, options: ConnectionOptions = {}): Promise<TlsPeer> {
  const socket = connect({ socket: carrier, servername: 'api.localhost', ca: authority.certificate, ...options });
  const peer = new TlsPeer(socket, carrier);
  // Until the TLS socket is connected, nothing else handles the connection's errors.
  carrier.on('error', (error) => socket.destroy(error));
  await once(socket, 'secureConnect');
  return peer;
}

/** The ClientHello of a client that requests this name. */
export async function helloOf(servername: string): Promise<Buffer> {
  await using server = await serve();
  const client = connect({ host: '127.0.0.1', port: server.port, servername });
  client.on('error', () => {});
  const { socket } = await server.accept();
  const [hello] = (await once(socket, 'data')) as [Buffer];
  client.destroy();
  return hello;
}

/** A table with one service, whose upstreams are spoken TLS with. */
export function upstreamTlsTable(
  port: number,
  upstreamTls: NonNullable<PoolSpec['upstreamTls']>,
  tls: TlsSpec,
  options: Partial<PoolSpec> = {},
): RoutingTable {
  return { ...table([pool([upstream('api-1', { port })], { ...options, upstreamTls })]), tls };
}

export interface TlsServer extends AsyncDisposable {
  readonly port: number;
  /** The server name that each client requested. */
  readonly names: readonly unknown[];
  /** The name in each client's certificate. */
  readonly clients: readonly unknown[];
}

/** A server that echoes, inside TLS. */
export async function serveTls(options: TlsOptions = {}): Promise<TlsServer> {
  const names: unknown[] = [];
  const clients: unknown[] = [];
  const sockets = new Set<Socket>();
  const server = createServer({ cert: shown.chain, key: shown.key, allowHalfOpen: true, ...options }, (socket) => {
    names.push(socket.servername);
    clients.push(socket.getPeerCertificate().subject?.CN);
    socket.on('error', () => {});
    socket.pipe(socket);
  });
  server.on('connection', (socket: Socket) => sockets.add(socket));
  server.on('tlsClientError', () => {});
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    names,
    clients,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
