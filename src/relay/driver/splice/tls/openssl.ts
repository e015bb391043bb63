import type { Ffi, Library } from '../ffi.ts';
import { word } from '../libc-symbols.ts';
import { again, type Calls, type Libc, type Memory } from '../libc.ts';
import { alpnSignature, opensslSignatures } from './openssl-symbols.ts';

/**
 * OpenSSL's TLS as a small library, by the functions that Node's executable exports. Nothing here throws once it is
 * open: as in libc.ts a call returns its result, or minus errno. `again`: the socket has no more bytes, or takes none;
 * `wantsRoom` says which. Or a read has handled a message of TLS itself, and more bytes may be in the socket
 * (`mayHaveMore`). `broken`: the peer does not keep to TLS, or OpenSSL failed; `reason` says why.
 *
 * OpenSSL keeps the errors of a thread in a queue, which Node uses as well and in which SSL_get_error(3) looks first.
 * So the queue is emptied before each call whose error is read, and after each failure.
 */
export type Ssl = bigint;

export const broken = -71; // EPROTO
const connectionReset = -104;
const noMemory = -12; // ENOMEM
/**
 * The most bytes of a client in one step of a handshake, which are a hello and more. Records may have a single byte, and
 * 130,000 of them, as a second hello may have, took a quarter of a second.
 */
export const mostFed = 4_096;
const none = 0n;
const encoder = new TextEncoder();
/** -1 as the 32 bits of an int. */
const minusOne = 0xffff_ffffn;
// SSL_get_error(3)
const [wantRead, wantWrite, systemCall, zeroReturn] = [2, 3, 5, 6];
// SSL_CTX_set_alpn_select_cb(3)
const [agreed, noneAgreed] = [0, 3];

export type OpenSslFunctions = ReturnType<typeof open>['functions'];

/** Whether this Node has an OpenSSL that can be called: it may be built with another library of the same names. */
export function hasOpenSsl({ calls: { ffi } }: Libc): boolean {
  try {
    const { OPENSSL_version_major: version, ...others } = opensslSignatures;
    const { lib, functions } = ffi.dlopen(null, { OPENSSL_version_major: version });
    for (const name of Object.keys(others)) lib.getSymbol(name);
    return functions.OPENSSL_version_major(none, none) === 3;
  } catch {
    return false;
  }
}

/** Opens OpenSSL for this thread, which takes a millisecond. @throws Error where `hasOpenSsl` is false */
export function openOpenSsl(libc: Libc): OpenSsl {
  const { lib, functions } = open(libc.calls.ffi);
  return new OpenSsl(libc, lib, functions);
}

function open(ffi: Ffi) {
  return ffi.dlopen(null, opensslSignatures);
}

export class OpenSsl {
  readonly functions: OpenSslFunctions;
  /** The native form of `#chooseProtocol`. */
  readonly alpnCallback: bigint;
  /** Whether the last call that returned `again` waits for the socket to take bytes. */
  wantsRoom = false;
  /** Whether the last call that returned `again` may find more in the socket at once. */
  mayHaveMore = false;
  /** Why the last call that returned `broken` did, in a few words of OpenSSL's own. */
  reason = '';
  readonly #libc: Libc;
  readonly #calls: Calls;
  /** Referenced for as long as callbacks may be called. */
  readonly #library: Library;
  readonly #byte: Memory;
  readonly #food: Memory;
  readonly #protocols = new Map<string, Memory>();
  /** The protocol that the client in the present handshake is to get. */
  #protocol: Memory | undefined;

  constructor(libc: Libc, library: Library, functions: OpenSslFunctions) {
    this.functions = functions;
    this.#libc = libc;
    this.#calls = libc.calls;
    this.#library = library;
    this.#byte = libc.allocate(1);
    this.#food = libc.allocate(mostFed);
    this.alpnCallback = this.#library.registerCallback(alpnSignature, (_ssl, out, outLength) =>
      this.#chooseProtocol(out as bigint, outLength as bigint),
    );
  }

  /** Memory with this text and a zero behind it. The caller keeps a reference for as long as OpenSSL may read it. */
  text(text: string): Memory {
    const memory = this.#libc.allocate(Buffer.byteLength(text) + 1);
    encoder.encodeInto(text, memory.bytes);
    return memory;
  }

  /** Memory with a copy of these bytes. */
  bytes(bytes: Uint8Array): Memory {
    const memory = this.#libc.allocate(bytes.length);
    memory.bytes.set(bytes);
    return memory;
  }

  /**
   * Begins TLS with a client: it writes to the client's socket, and reads what it is fed. 0 where there is no memory. The
   * socket stays the caller's.
   */
  accept(context: bigint, fd: number): Ssl {
    const { functions } = this;
    const ssl = functions.SSL_new(context, none);
    const fed = functions.BIO_new(functions.BIO_s_mem(none, none), none);
    if (ssl === none || fed === none || functions.SSL_set_fd(ssl, word(fd)) !== 1) {
      functions.SSL_free(ssl, none);
      functions.BIO_free(fed, none);
      functions.ERR_clear_error(none, none);
      return none;
    }
    functions.SSL_set0_rbio(ssl, fed);
    functions.SSL_set_accept_state(ssl, none);
    return ssl;
  }

  /** Feeds it at most `length` bytes of the client's socket, up to 4 KiB: how many, 0 at the end, or minus errno. */
  feed(ssl: Ssl, fd: number, length: number): number {
    const { functions } = this;
    const read = this.#libc.readSome(fd, this.#food, length);
    if (read <= 0) return read;
    const fed = functions.BIO_write(functions.SSL_get_rbio(ssl, none), this.#food.pointer, word(read));
    return fed === read ? fed : noMemory;
  }

  /** Whether it was fed bytes that it has not read yet. */
  isFed(ssl: Ssl): boolean {
    return this.functions.BIO_ctrl_pending(this.functions.SSL_get_rbio(ssl, none), none) > 0;
  }

  /** Has it read the client's socket itself, once it has read all that it was fed. */
  readSocket(ssl: Ssl, fd: number): void {
    this.functions.SSL_set_rfd(ssl, word(fd));
  }

  free(ssl: Ssl): void {
    this.functions.SSL_free(ssl, none);
  }

  /** 1 once the handshake is over. `protocol`: the application protocol for the client. */
  handshake(ssl: Ssl, protocol: string | undefined): number {
    this.#protocol = protocol === undefined ? undefined : this.#memoryOf(protocol);
    this.#forgetErrors();
    return this.#result(ssl, this.functions.SSL_do_handshake(ssl, none));
  }

  /** 1 if there is a byte to read, 0 at the end; nothing is consumed. */
  peek(ssl: Ssl): number {
    this.#forgetErrors();
    return this.#result(ssl, this.functions.SSL_peek(ssl, this.#byte.pointer, 1n));
  }

  /** Reads at most a record; 0 at the end. */
  read(ssl: Ssl, into: Memory, offset: number, length: number): number {
    this.#forgetErrors();
    return this.#result(ssl, this.functions.SSL_read(ssl, into.pointer + word(offset), word(length)));
  }

  /** Writes at most a record. After `again` the same bytes must be written next, wherever they are by then. */
  write(ssl: Ssl, from: Memory, offset: number, length: number): number {
    this.#forgetErrors();
    return this.#result(ssl, this.functions.SSL_write(ssl, from.pointer + word(offset), word(length)));
  }

  /** Tells the client that no more bytes follow. After any result but `again` it must not be called again. */
  notifyClose(ssl: Ssl): number {
    this.#forgetErrors();
    const result = this.functions.SSL_shutdown(ssl, none);
    return result < 0 ? this.#result(ssl, result) : 0;
  }

  #forgetErrors(): void {
    this.functions.ERR_clear_error(none, none);
    this.#calls.errno[0] = 0;
  }

  #result(ssl: Ssl, result: number): number {
    if (result > 0) return result;
    // SSL_get_error(3) changes nothing that a failed call of the kernel has left.
    const failure = this.#calls.result(-1);
    const { functions } = this;
    const error = functions.SSL_get_error(ssl, result === 0 ? none : minusOne);
    if (error === wantRead || error === wantWrite) {
      this.wantsRoom = error === wantWrite;
      this.mayHaveMore = error === wantRead && failure !== again;
      return again;
    }
    if (error === zeroReturn) return 0;
    const code = functions.ERR_peek_error(none, none);
    this.reason = code === none ? '' : this.#reasonOf(code);
    functions.ERR_clear_error(none, none);
    if (error !== systemCall) return broken;
    return failure === again ? connectionReset : failure;
  }

  /** ERR_reason_error_string(3): texts of OpenSSL's own, never a byte that a client has sent. */
  #reasonOf(code: bigint): string {
    const text = this.functions.ERR_reason_error_string(code, none);
    return (text === none ? undefined : this.#calls.ffi.toString(text)) ?? '';
  }

  #memoryOf(protocol: string): Memory {
    const known = this.#protocols.get(protocol);
    if (known) return known;
    const memory = this.text(protocol);
    this.#protocols.set(protocol, memory);
    return memory;
  }

  /** Called by OpenSSL amid `handshake`, for a client that offers protocols. It must not throw. */
  #chooseProtocol(out: bigint, outLength: bigint): number {
    const protocol = this.#protocol;
    if (!protocol) return noneAgreed;
    const { ffi } = this.#calls;
    ffi.setUint64(out, 0, protocol.pointer);
    ffi.setUint8(outLength, 0, protocol.size - 1);
    return agreed;
  }
}
