import type { Socket } from 'node:net';
import { createSecureContext, TLSSocket, type SecureContext } from 'node:tls';
import type { TlsContext, TlsOffer, TlsTerms } from '../driver.ts';

/**
 * Ends the TLS of an accepted client, whose first bytes may have been read already. Node's `tls.Server` would lose
 * track of which client it was. A TLSSocket by itself emits `secure` at the end of the handshake, and `error` before
 * it, when OpenSSL has already told the client why (nodemailer's smtp-server uses it the same way; the contract suite
 * fails if Node changes this).
 */
/** Node's own tickets take fewer bytes than OpenSSL's. */
const bytesOfTicketKeys = 48;

/** OpenSSL's context as Node wraps it. */
export class StreamTlsContext implements TlsContext {
  readonly secureContext: SecureContext;

  /** @throws Error where the certificate or its key is not usable */
  constructor({ chain, key, minVersion, ticketKeys }: TlsTerms) {
    const keys = Buffer.from(ticketKeys.subarray(0, bytesOfTicketKeys));
    this.secureContext = createSecureContext({ cert: chain, key, minVersion, ticketKeys: keys });
  }

  /** Node frees OpenSSL's context together with this object. */
  free(): void {}
}

interface TlsEndEvents {
  onSecured(): void;
  /** `reason` is a few words, e.g. `unsupported protocol`. */
  onFailed(reason: string): void;
}

/** Wraps `raw`, which the returned socket owns from now on: destroying either destroys the other. */
export function endTls(
  raw: Socket,
  early: readonly Buffer[],
  { context, alpn }: TlsOffer,
  events: TlsEndEvents,
): TLSSocket {
  // Bytes that a socket holds when it is wrapped count as received (lib/_tls_wrap.js, initRead).
  raw.pause();
  for (const chunk of early.toReversed()) raw.unshift(chunk);
  const socket = new TLSSocket(raw, {
    isServer: true,
    secureContext: contextOf(context),
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

function contextOf(context: TlsContext): SecureContext {
  if (context instanceof StreamTlsContext) return context.secureContext;
  throw new TypeError('the context is of another driver');
}

interface TlsError extends NodeJS.ErrnoException {
  /** OpenSSL's reason. */
  readonly reason?: string;
}

function reasonOf({ reason, code, message }: TlsError): string {
  if (code === 'ECONNRESET') return 'the client left';
  return reason ?? code ?? message;
}
