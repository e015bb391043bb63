import type { Socket } from 'node:net';
import { connect } from 'node:tls';
import type { UpstreamTlsOffer } from '../driver.ts';

/**
 * Speaks TLS to an upstream, on a connection that has just been made. `secureConnect` reports the end of the handshake;
 * a fault of the upstream's certificate is an error of the socket.
 */
export function speakTls(raw: Socket, { context, serverName, verify }: UpstreamTlsOffer): Socket {
  return connect({
    socket: raw,
    secureContext: context,
    servername: serverName,
    rejectUnauthorized: verify,
  });
}
