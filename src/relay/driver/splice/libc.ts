import { getSystemErrorMessage, getSystemErrorName } from 'node:util';
import { ffiModule, type Ffi, type Functions } from './ffi.ts';
import { signatures, word } from './libc-symbols.ts';
import {
  decodeAddress,
  decodeText,
  encodeAddress,
  familyOf,
  maxUnixAddressLength,
  type SocketAddress,
} from '../../wire/socket-address.ts';
import { messageOf } from '../../../text/message-of.ts';

/**
 * The kernel as a small socket library. Only ffi.ts knows node:ffi; struct layouts (x86-64 and arm64), constants and
 * errno are here and in epoll-set.ts. Nothing here throws: a call returns its result, or minus errno, as the kernel
 * does.
 *
 * Arguments are passed as BigInts (see `word`), which optimised code never really allocates. Results come back as 32
 * bits, since sizes stay far below 2 GiB. Memory behind a pointer is never freed while in use.
 */
export const readyIn = 0x001;
export const readyUrgent = 0x002;
export const readyOut = 0x004;
export const readyError = 0x008;
export const readyHangup = 0x010;
/** The peer has ended its direction (EPOLLRDHUP). */
export const readyPeerEnd = 0x2000;
const edgeTriggered = 1 << 31;

export const again = -11;
const eio = 5;
const closeOnExec = 0o2000000n;
const nonBlocking = 0o4000n;
const solSocket = 1n;
const ipProtoTcp = 6n;
const spliceFlags = 0x1n | 0x2n; // SPLICE_F_MOVE | SPLICE_F_NONBLOCK
const encoder = new TextEncoder();

/** Memory that the kernel reads and writes. The caller keeps a reference for as long as the kernel may use it. */
export interface Memory {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly pointer: bigint;
  readonly size: number;
}

/** The means by which other files of this driver call the kernel. */
export interface Calls {
  readonly ffi: Ffi;
  readonly functions: Functions;
  /** Turns a call's return value into its result, or minus errno. */
  readonly result: (result: number) => number;
  /** This thread's errno, for calls that may fail without an error of the kernel. */
  readonly errno: Int32Array;
}

/** Opens libc for this thread, or says why that is not possible. */
export function openLibc(): Libc | { readonly unavailable: string } {
  const ffi = ffiModule();
  if (!ffi) return { unavailable: `Node ${process.versions.node} runs without node:ffi` };
  try {
    return new Libc(ffi, ffi.dlopen(null, signatures).functions);
  } catch (error) {
    return { unavailable: messageOf(error) };
  }
}

/** Node's name of a failed call's error, e.g. `ECONNREFUSED`. */
export function errorCode(result: number): string {
  return getSystemErrorName(result);
}

export function errorMessage(result: number): string {
  return getSystemErrorMessage(result) ?? errorCode(result);
}

export class Libc {
  readonly #ffi: Ffi;
  readonly #c: Functions;
  readonly #errno: Int32Array;
  readonly #address: Memory;
  readonly #addressLength: Memory;
  readonly #length: Int32Array;
  readonly #option: Memory;
  readonly #ints: Int32Array;

  constructor(ffi: Ffi, functions: Functions) {
    this.#ffi = ffi;
    this.#c = functions;
    this.#errno = new Int32Array(ffi.toArrayBuffer(functions['__errno_location'](), 4, false));
    this.#address = this.allocate(maxUnixAddressLength);
    this.#addressLength = this.allocate(4);
    this.#length = new Int32Array(this.#addressLength.bytes.buffer);
    this.#option = this.allocate(16);
    this.#ints = new Int32Array(this.#option.bytes.buffer);
  }

  allocate(size: number): Memory {
    const buffer = new ArrayBuffer(size);
    return { bytes: new Uint8Array(buffer), pointer: this.#ffi.getRawPointer(buffer), size };
  }

  close(fd: number): number {
    return this.#result(this.#c.close(word(fd), 0n));
  }

  /** Reads a socket: recv(2) skips what read(2) does for files, a tenth of a call that finds nothing. */
  read(fd: number, into: Memory): number {
    return this.readSome(fd, into, into.size);
  }

  /** Reads at most `length` bytes. */
  readSome(fd: number, into: Memory, length: number): number {
    return this.#result(this.#c.recv(word(fd), into.pointer, word(length), 0n));
  }

  readAt(fd: number, into: Memory, offset: number): number {
    return this.#result(this.#c.recv(word(fd), into.pointer + word(offset), word(into.size - offset), 0n));
  }

  write(fd: number, from: Memory, length: number): number {
    return this.#result(this.#c.send(word(fd), from.pointer, word(length), 0n));
  }

  /**
   * Writes the last bytes before `shutdownWrite` or `close`, so that the FIN travels in the same segment (send(2),
   * MSG_MORE).
   */
  writeLast(fd: number, from: Memory, length: number): number {
    return this.#result(this.#c.send(word(fd), from.pointer, word(length), 0x8000n));
  }

  writeFrom(fd: number, from: Memory, offset: number, length: number): number {
    return this.#result(this.#c.send(word(fd), from.pointer + word(offset), word(length), 0n));
  }

  /** 1 if there is a byte to read, 0 at the end of the stream; nothing is consumed. */
  peek(fd: number): number {
    return this.peekInto(fd, this.#option, 1);
  }

  /** Copies at most `length` bytes of those that have arrived, and returns their number; nothing is consumed. */
  peekInto(fd: number, into: Memory, length: number): number {
    return this.#result(this.#c.recv(word(fd), into.pointer, word(length), 0x2n));
  }

  /**
   * Copies bytes as `peekInto` does, but behind the first `offset` bytes, and to `offset` in the memory. Kernels before
   * 6.9 can't (socket(7), SO_PEEK_OFF).
   */
  peekBehind(fd: number, into: Memory, offset: number, length: number): number {
    const result = this.setOption(fd, solSocket, 42n, offset);
    if (result < 0) return result;
    const peeked = this.#result(this.#c.recv(word(fd), into.pointer + word(offset), word(length), 0x2n));
    this.setOption(fd, solSocket, 42n, -1);
    return peeked;
  }

  /** Moves bytes from a socket into a pipe, or from a pipe into a socket. */
  splice(from: number, to: number, length: number): number {
    return this.#result(this.#c.splice(word(from), 0n, word(to), 0n, word(length), spliceFlags));
  }

  /** Creates a pipe and returns its read end; `pipeWriteEnd` is the other end. */
  pipe(): number {
    const result = this.#c.pipe2(this.#option.pointer, nonBlocking | closeOnExec);
    return result < 0 ? this.#result(result) : (this.#ints[0] ?? 0);
  }

  get pipeWriteEnd(): number {
    return this.#ints[1] ?? 0;
  }

  /** Resizes a pipe, and returns the size that it then has (fcntl(2), F_SETPIPE_SZ). */
  resizePipe(fd: number, size: number): number {
    return this.#result(this.#c.fcntl(word(fd), 1031n, word(size)));
  }

  /** Creates a stream socket for an IP address or `unix:/path`. */
  streamSocket(host: string): number {
    return this.#result(this.#c.socket(word(familyOf(host)), 1n | nonBlocking | closeOnExec, 0n));
  }

  connect(fd: number, host: string, port: number): number {
    const length = encodeAddress(this.#address.bytes, host, port);
    return this.#result(this.#c.connect(word(fd), this.#address.pointer, word(length)));
  }

  bind(fd: number, host: string, port: number): number {
    const length = encodeAddress(this.#address.bytes, host, port);
    return this.#result(this.#c.bind(word(fd), this.#address.pointer, word(length)));
  }

  listen(fd: number, backlog: number): number {
    return this.#result(this.#c.listen(word(fd), word(backlog)));
  }

  /** Accepts a client, whose address `lastAddressText` then returns. */
  accept(fd: number): number {
    this.#length[0] = maxUnixAddressLength;
    const flags = nonBlocking | closeOnExec;
    return this.#result(this.#c.accept4(word(fd), this.#address.pointer, this.#addressLength.pointer, flags));
  }

  /** Reads the socket's own address, which `lastAddress` then returns. */
  localAddress(fd: number): number {
    this.#length[0] = maxUnixAddressLength;
    return this.#result(this.#c.getsockname(word(fd), this.#address.pointer, this.#addressLength.pointer));
  }

  lastAddress(): SocketAddress {
    return decodeAddress(this.#address.bytes);
  }

  /** The last address as text: `ip:port`, or `unix`. */
  lastAddressText(): string {
    return decodeText(this.#address.bytes);
  }

  shutdownWrite(fd: number): number {
    return this.#result(this.#c.shutdown(word(fd), 1n));
  }

  /** Minus the errno of the socket's failure, which the kernel then forgets; 0 if it has none. */
  socketError(fd: number): number {
    this.#length[0] = 4;
    this.#ints[0] = 0;
    const result = this.#c.getsockopt(word(fd), solSocket, 4n, this.#option.pointer, this.#addressLength.pointer);
    return result < 0 ? this.#result(result) : -this.#ints[0];
  }

  setReuse(fd: number, reusePort: boolean): number {
    const result = this.setOption(fd, solSocket, 2n, 1);
    return result < 0 || !reusePort ? result : this.setOption(fd, solSocket, 15n, 1);
  }

  /** Lets an IPv6 listener accept IPv4 clients too, whatever net.ipv6.bindv6only says. */
  setDualStack(fd: number): number {
    return this.setOption(fd, 41n, 26n, 0);
  }

  setNoDelay(fd: number): number {
    return this.setOption(fd, ipProtoTcp, 1n, 1);
  }

  /**
   * Switched off before `connect`, the last packet of the handshake waits for the first bytes (tcp(7), TCP_QUICKACK).
   */
  setQuickAck(fd: number, isOn: boolean): number {
    return this.setOption(fd, ipProtoTcp, 12n, isOn ? 1 : 0);
  }

  /** Sends packets only to hosts on this machine's own networks: SO_DONTROUTE (socket(7)), which IPv6 ignores. */
  setDontRoute(fd: number): number {
    return this.setOption(fd, solSocket, 5n, 1);
  }

  /** Sends packets only through this interface, also after it has gone: SO_BINDTODEVICE (socket(7)). */
  bindToDevice(fd: number, device: string): number {
    const { written } = encoder.encodeInto(device, this.#option.bytes);
    return this.#result(this.#c.setsockopt(word(fd), solSocket, 25n, this.#option.pointer, word(written)));
  }

  /** Makes the socket's close send a reset: SO_LINGER with no time (socket(7)). */
  setResetOnClose(fd: number): number {
    this.#ints[0] = 1;
    this.#ints[1] = 0;
    return this.#result(this.#c.setsockopt(word(fd), solSocket, 13n, this.#option.pointer, 8n));
  }

  /** A descriptor of its own for what `fd` stands for (fcntl(2), F_DUPFD_CLOEXEC). */
  duplicate(fd: number): number {
    return this.#result(this.#c.fcntl(word(fd), 1030n, 0n));
  }

  eventfd(): number {
    return this.#result(this.#c.eventfd(0n, nonBlocking | closeOnExec));
  }

  epoll(): number {
    return this.#result(this.#c.epoll_create1(closeOnExec, 0n));
  }

  get calls(): Calls {
    const result = (value: number): number => this.#result(value);
    return { ffi: this.#ffi, functions: this.#c, result, errno: this.#errno };
  }

  /** Sets an option whose value is an int (setsockopt(2)). */
  setOption(fd: number, level: bigint, name: bigint, value: number): number {
    this.#ints[0] = value;
    return this.#result(this.#c.setsockopt(word(fd), level, name, this.#option.pointer, 4n));
  }

  #result(result: number): number {
    return result < 0 ? -(this.#errno[0] || eio) : result;
  }
}

/** Makes epoll report these events once, when they begin, not for as long as they last (EPOLLET). */
export function onEdge(events: number): number {
  return events | edgeTriggered;
}
