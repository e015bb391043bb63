import { setImmediate as nextTurn } from 'node:timers/promises';
import { openLibc } from '../../../src/relay/driver/splice/libc.ts';
import { two, word } from '../../../src/relay/driver/splice/libc-symbols.ts';
import { opensslSignatures } from '../../../src/relay/driver/splice/tls/openssl-symbols.ts';

/**
 * A client that does inside TLS what Node's does not: it sends messages of TLS itself, and records of one byte. It calls
 * OpenSSL in the test's own thread, so all that it sends at once is there before the driver's next turn.
 */
const none = 0n;
const keyUpdateNotRequested = 0n;
const signatures = {
  ...opensslSignatures,
  SSL_key_update: { return: 'int32', arguments: two },
  SSL_set_connect_state: { return: 'void', arguments: two },
  TLS_client_method: { return: 'pointer', arguments: two },
} as const;

export interface OpenSslClient extends Disposable {
  /** Sends bytes, each in a record of its own, up to a full socket; returns how many. */
  sendOneByOne(bytes: Uint8Array): number;
  /** Changes the key so many times, or up to a full socket; returns how many. */
  changeKeys(count: number): number;
}

/** Connects and completes the handshake, with any certificate. */
export async function dialOpenSsl(port: number): Promise<OpenSslClient> {
  const libc = openLibc();
  if ('unavailable' in libc) throw new Error(libc.unavailable);
  const { functions } = libc.calls.ffi.dlopen(null, signatures);
  const fd = libc.streamSocket('127.0.0.1');
  libc.connect(fd, '127.0.0.1', port);
  const context = functions.SSL_CTX_new(functions.TLS_client_method(none, none), none);
  const ssl = functions.SSL_new(context, none);
  functions.SSL_set_fd(ssl, word(fd));
  functions.SSL_set_connect_state(ssl, none);
  const byte = libc.allocate(1);
  const handshake = (): boolean => {
    functions.ERR_clear_error(none, none);
    return functions.SSL_do_handshake(ssl, none) === 1;
  };
  while (!handshake()) await nextTurn();
  const repeat = (count: number, act: (index: number) => boolean): number => {
    let done = 0;
    while (done < count && act(done)) done += 1;
    functions.ERR_clear_error(none, none);
    return done;
  };
  return {
    sendOneByOne: (bytes) =>
      repeat(bytes.length, (index) => {
        byte.bytes[0] = bytes[index] ?? 0;
        return functions.SSL_write(ssl, byte.pointer, 1n) === 1;
      }),
    changeKeys: (count) =>
      repeat(count, () => functions.SSL_key_update(ssl, keyUpdateNotRequested) === 1 && handshake()),
    [Symbol.dispose]() {
      functions.SSL_free(ssl, none);
      functions.SSL_CTX_free(context, none);
      libc.close(fd);
    },
  };
}
