import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { TlsOffer } from '../driver.ts';

/**
 * Ends the TLS of an accepted client, whose first bytes may have been read already. Node's `tls.Server` would lose track
 * of which client it was; a TLSSocket by itself says `secure` when it is through, and `error` before, when OpenSSL has
 * already told the client why (so does nodemailer's smtp-server use it; the contract suite tells if Node changes that).
 */
interface TlsEndEvents {
  onSecured(): void;
  /** In a few words, e.g. `unsupported protocol`. */
  onFailed(reason: string): void;
}

/** `raw` is this socket's from now on: destroying the one destroys the other. */
export function endTls(
  raw: Socket,
  early: readonly Buffer[],
  { context, alpn }: TlsOffer,
  events: TlsEndEvents,
): TLSSocket {
  // What a socket holds when it is wrapped is taken for received (lib/_tls_wrap.js, initRead).
  raw.pause();
  for (const chunk of early.toReversed()) raw.unshift(chunk);
  const socket = new TLSSocket(raw, {
    isServer: true,
    secureContext: context,
    ...(alpn.length > 0 && { ALPNProtocols: [...alpn] }),
  });
  let isOver = false;
  const once = (then: () => void): void => {
    if (isOver) return;
    isOver = true;
    then();
  };
  socket.on('secure', () => once(() => events.onSecured()));
  socket.on('error', (error: TlsError) => once(() => events.onFailed(reasonOf(error))));
  socket.on('close', () => once(() => events.onFailed('the client left')));
  return socket;
}

interface TlsError extends NodeJS.ErrnoException {
  /** OpenSSL's. */
  readonly reason?: string;
}

function reasonOf({ reason, code, message }: TlsError): string {
  if (code === 'ECONNRESET') return 'the client left';
  return reason ?? code ?? message;
}
