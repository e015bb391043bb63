import { once } from 'node:events';
import { connect as connectTcp, type Socket } from 'node:net';
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { resetNow } from '../../src/relay/stream/reset.ts';
import type { PoolSpec, RoutingTable, TlsSpec } from '../../src/relay/table.ts';
import { authority, certificateFor } from './certificates.ts';
import { listener, pool, table } from './sockets-tables.ts';
import { Peer } from './sockets.ts';

/**
 * Tables of services whose TLS is ended, and clients that speak it.
 */
export const shown = await certificateFor('api.localhost', 'localhost');

export function tlsSpec(options: Partial<TlsSpec> = {}): TlsSpec {
  return { minVersion: 'TLSv1.2', handshakeTimeoutMs: 10_000, certificates: [shown], ...options };
}

/** One service, by TLS only. */
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

/** Through with the handshake, trusting the test's authority. */
export async function dialTls(port: number, options: ConnectionOptions = {}): Promise<TlsPeer> {
  const carrier = connectTcp({ host: '127.0.0.1', port, allowHalfOpen: true, noDelay: true });
  const socket = connect({ socket: carrier, servername: 'api.localhost', ca: authority.certificate, ...options });
  const peer = new TlsPeer(socket, carrier);
  await once(socket, 'secureConnect');
  return peer;
}
