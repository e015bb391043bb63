import type { TlsContext, TlsTerms } from '../../driver.ts';
import type { EpollLoop } from '../epoll-loop.ts';
import { TlsHandshakes } from './handshakes.ts';
import { hasOpenSsl, openOpenSsl, type OpenSsl } from './openssl.ts';
import { ServerContext } from './server-context.ts';
import { TlsClient } from './tls-client.ts';

/**
 * What a thread of the splice driver ends TLS with. OpenSSL is opened for the first certificate.
 */
export class TlsParts {
  readonly handshakes: TlsHandshakes;
  readonly #loop: EpollLoop;
  #openssl: OpenSsl | undefined;

  constructor(loop: EpollLoop) {
    this.#loop = loop;
    this.handshakes = new TlsHandshakes(loop);
  }

  /** @throws Error where the certificate or its key is not usable */
  createContext(terms: TlsTerms): TlsContext {
    this.#openssl ??= openOpenSsl(this.#loop.libc);
    return new ServerContext(this.#openssl, terms);
  }

  /** Begins TLS with a client. `protocol`: the application protocol that the client is to get. */
  accept(fd: number, context: TlsContext, protocol: string | undefined): TlsClient {
    if (!(context instanceof ServerContext)) throw new TypeError('the context is of another driver');
    return new TlsClient(context, this.#loop, fd, protocol);
  }
}

/** Undefined where this Node has no OpenSSL that can be called. */
export function openTls(loop: EpollLoop): TlsParts | undefined {
  return hasOpenSsl(loop.libc) ? new TlsParts(loop) : undefined;
}
