import type { Socket } from 'node:net';
import { connect } from 'node:tls';
import type { UpstreamTlsOffer } from '../driver.ts';

/**
 * TLS towards an upstream, on a connection that has just been made. `secureConnect` says that it is through; what it
 * finds wrong with the upstream's certificate is an error of the socket.
 */
export function speakTls(raw: Socket, { context, serverName, verify }: UpstreamTlsOffer): Socket {
  return connect({
    socket: raw,
    secureContext: context,
    servername: serverName,
    rejectUnauthorized: verify,
  });
}
