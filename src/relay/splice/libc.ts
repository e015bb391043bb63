import type * as ffiTypes from 'node:ffi';
import { getSystemErrorMessage, getSystemErrorName } from 'node:util';
import { signatures } from './libc-symbols.ts';
import { decodeAddress, encodeAddress, maxAddressLength, type SocketAddress } from './socket-address.ts';

/**
 * The kernel as a small socket library: the only file that knows node:ffi, struct layouts (x86-64 and arm64), constants
 * and errno. Nothing here throws: a call gives its result, or minus errno, as the kernel itself does.
 *
 * Sizes go over as 32 bits and results come back as 32 bits, which spares BigInts where a call is made for every
 * message; they stay far below 2 GiB. A pointer is a BigInt made once, of memory that is never let go while in use.
 */
type Ffi = typeof ffiTypes;

type Functions = ReturnType<typeof ffiTypes.dlopen<typeof signatures>>['functions'];

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
const closeOnExec = 0o2000000;
const nonBlocking = 0o4000;
const solSocket = 1;
const ipProtoTcp = 6;
const spliceFlags = 0x1 | 0x2; // SPLICE_F_MOVE | SPLICE_F_NONBLOCK
const openFiles = 7; // RLIMIT_NOFILE
const keepIdleSeconds = 60;
const maxEvents = 256;

/** Memory that the kernel reads and writes. Keep a reference for as long as it may. */
export interface Memory {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly pointer: bigint;
  readonly size: number;
}

export function ffiModule(): Ffi | undefined {
  return withoutFfiWarning(() => process.getBuiltinModule('node:ffi') as Ffi | undefined);
}

/** Libc of this thread, or why there is none. */
export function openLibc(): Libc | { readonly unavailable: string } {
  const ffi = ffiModule();
  if (!ffi) return { unavailable: `Node ${process.versions.node} runs without node:ffi` };
  try {
    return new Libc(ffi, ffi.dlopen(null, signatures).functions);
  } catch (error) {
    return { unavailable: error instanceof Error ? error.message : String(error) };
  }
}

/** Node's name of a failed call's result, e.g. `ECONNREFUSED`. */
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
  readonly #event: Memory;
  readonly #eventWords: Int32Array;
  readonly #events: Memory;
  readonly #eventsWords: Int32Array;
  /** struct epoll_event is packed on x86-64 only (sys/epoll.h): u32 events, u64 data. */
  readonly #stride = process.arch === 'x64' ? 3 : 4;
  readonly #dataAt = process.arch === 'x64' ? 1 : 2;

  constructor(ffi: Ffi, functions: Functions) {
    this.#ffi = ffi;
    this.#c = functions;
    this.#errno = new Int32Array(ffi.toArrayBuffer(functions['__errno_location'](), 4, false));
    this.#address = this.allocate(maxAddressLength);
    this.#addressLength = this.allocate(4);
    this.#length = new Int32Array(this.#addressLength.bytes.buffer);
    this.#option = this.allocate(16);
    this.#ints = new Int32Array(this.#option.bytes.buffer);
    this.#event = this.allocate(16);
    this.#eventWords = new Int32Array(this.#event.bytes.buffer);
    this.#events = this.allocate(maxEvents * 16);
    this.#eventsWords = new Int32Array(this.#events.bytes.buffer);
  }

  allocate(size: number): Memory {
    const buffer = new ArrayBuffer(size);
    return { bytes: new Uint8Array(buffer), pointer: this.#ffi.getRawPointer(buffer), size };
  }

  close(fd: number): number {
    return this.#result(this.#c.close(fd));
  }

  read(fd: number, into: Memory): number {
    return this.#result(this.#c.read(fd, into.pointer, into.size));
  }

  /** No more than so many bytes. */
  readSome(fd: number, into: Memory, length: number): number {
    return this.#result(this.#c.recv(fd, into.pointer, length, 0));
  }

  readAt(fd: number, into: Memory, offset: number): number {
    return this.#result(this.#c.recv(fd, into.pointer + BigInt(offset), into.size - offset, 0));
  }

  write(fd: number, from: Memory, length: number): number {
    return this.#result(this.#c.send(fd, from.pointer, length, 0));
  }

  writeFrom(fd: number, from: Memory, offset: number, length: number): number {
    return this.#result(this.#c.send(fd, from.pointer + BigInt(offset), length, 0));
  }

  /** 1 if there is a byte to read, 0 at the end; nothing is taken. */
  peek(fd: number): number {
    return this.peekInto(fd, this.#option, 1);
  }

  /** How many of the bytes that are there were copied; nothing is taken. */
  peekInto(fd: number, into: Memory, length: number): number {
    return this.#result(this.#c.recv(fd, into.pointer, length, 0x2));
  }

  /** From a socket into a pipe, or from a pipe into a socket. */
  splice(from: number, to: number, length: number): number {
    return this.#result(this.#c.splice(from, 0n, to, 0n, length, spliceFlags));
  }

  /** Gives the end to read from; `pipeWriteEnd` has the other. */
  pipe(): number {
    const result = this.#c.pipe2(this.#option.pointer, nonBlocking | closeOnExec, 0, 0);
    return result < 0 ? this.#result(result) : (this.#ints[0] ?? 0);
  }

  get pipeWriteEnd(): number {
    return this.#ints[1] ?? 0;
  }

  /** The size it has then. */
  resizePipe(fd: number, size: number): number {
    return this.#result(this.#c.fcntl(fd, 1031, size, 0));
  }

  tcpSocket(isIPv6: boolean): number {
    return this.#result(this.#c.socket(isIPv6 ? 10 : 2, 1 | nonBlocking | closeOnExec, 0, 0));
  }

  connect(fd: number, host: string, port: number): number {
    return this.#result(this.#c.connect(fd, this.#address.pointer, encodeAddress(this.#address.bytes, host, port), 0));
  }

  bind(fd: number, host: string, port: number): number {
    return this.#result(this.#c.bind(fd, this.#address.pointer, encodeAddress(this.#address.bytes, host, port), 0));
  }

  listen(fd: number, backlog: number): number {
    return this.#result(this.#c.listen(fd, backlog, 0, 0));
  }

  /** `lastAddress` has the peer's. */
  accept(fd: number): number {
    this.#length[0] = maxAddressLength;
    const flags = nonBlocking | closeOnExec;
    return this.#result(this.#c.accept4(fd, this.#address.pointer, this.#addressLength.pointer, flags));
  }

  /** `lastAddress` has it. */
  localAddress(fd: number): number {
    this.#length[0] = maxAddressLength;
    return this.#result(this.#c.getsockname(fd, this.#address.pointer, this.#addressLength.pointer, 0));
  }

  lastAddress(): SocketAddress {
    return decodeAddress(this.#address.bytes);
  }

  shutdownWrite(fd: number): number {
    return this.#result(this.#c.shutdown(fd, 1));
  }

  /** Minus the errno of the socket's failure, which is forgotten; 0 if it has none. */
  takeError(fd: number): number {
    this.#length[0] = 4;
    this.#ints[0] = 0;
    const result = this.#c.getsockopt(fd, solSocket, 4, this.#option.pointer, this.#addressLength.pointer);
    return result < 0 ? this.#result(result) : -this.#ints[0];
  }

  setReuse(fd: number, reusePort: boolean): number {
    const result = this.#setOption(fd, solSocket, 2, 1);
    return result < 0 || !reusePort ? result : this.#setOption(fd, solSocket, 15, 1);
  }

  /** Let an IPv6 listener take IPv4 clients too, whatever net.ipv6.bindv6only says. */
  setDualStack(fd: number): number {
    return this.#setOption(fd, 41, 26, 0);
  }

  setNoDelay(fd: number): number {
    return this.#setOption(fd, ipProtoTcp, 1, 1);
  }

  setKeepAlive(fd: number): number {
    this.#setOption(fd, ipProtoTcp, 4, keepIdleSeconds);
    return this.#setOption(fd, solSocket, 9, 1);
  }

  /** The socket's close is a reset: SO_LINGER with no time (socket(7)). */
  setResetOnClose(fd: number): number {
    this.#ints[0] = 1;
    this.#ints[1] = 0;
    return this.#result(this.#c.setsockopt(fd, solSocket, 13, this.#option.pointer, 8));
  }

  /** Lifts the soft limit of open files to the hard one; the limit then. */
  raiseFileLimit(): number {
    const limits = new BigUint64Array(this.#option.bytes.buffer);
    if (this.#c.getrlimit(openFiles, this.#option.pointer, 0, 0) < 0) return 1_024;
    const [soft = 1_024n, hard = soft] = limits;
    if (soft >= hard) return Number(soft);
    limits[0] = hard;
    return Number(this.#c.setrlimit(openFiles, this.#option.pointer, 0, 0) < 0 ? soft : hard);
  }

  eventfd(): number {
    return this.#result(this.#c.eventfd(0, nonBlocking | closeOnExec, 0, 0));
  }

  epoll(): number {
    return this.#result(this.#c.epoll_create1(closeOnExec, 0, 0, 0));
  }

  /** `tag` comes back with each event. */
  epollAdd(epoll: number, fd: number, events: number, tag: number): number {
    return this.#epollControl(epoll, 1, fd, events, tag);
  }

  epollModify(epoll: number, fd: number, events: number, tag: number): number {
    return this.#epollControl(epoll, 3, fd, events, tag);
  }

  epollRemove(epoll: number, fd: number): number {
    return this.#epollControl(epoll, 2, fd, 0, 0);
  }

  /** How many events there are now for `eventFd` and the others to read. */
  epollWait(epoll: number, timeoutMs: number): number {
    return this.#result(this.#c.epoll_wait(epoll, this.#events.pointer, maxEvents, timeoutMs));
  }

  eventMask(index: number): number {
    return this.#eventsWords[index * this.#stride] ?? 0;
  }

  eventFd(index: number): number {
    return this.#eventsWords[index * this.#stride + this.#dataAt] ?? 0;
  }

  eventTag(index: number): number {
    return this.#eventsWords[index * this.#stride + this.#dataAt + 1] ?? 0;
  }

  #epollControl(epoll: number, operation: number, fd: number, events: number, tag: number): number {
    this.#eventWords[0] = events;
    this.#eventWords[this.#dataAt] = fd;
    this.#eventWords[this.#dataAt + 1] = tag;
    return this.#result(this.#c.epoll_ctl(epoll, operation, fd, this.#event.pointer));
  }

  #setOption(fd: number, level: number, name: number, value: number): number {
    this.#ints[0] = value;
    return this.#result(this.#c.setsockopt(fd, level, name, this.#option.pointer, 4));
  }

  #result(result: number): number {
    return result < 0 ? -(this.#errno[0] || eio) : result;
  }
}

/** Told once, when something becomes ready that was not. */
export function onEdge(events: number): number {
  return events | edgeTriggered;
}

/** Node warns about exactly this module being experimental; every other warning goes its way. */
function withoutFfiWarning<T>(load: () => T): T {
  const emitWarning = process.emitWarning.bind(process);
  process.emitWarning = (warning: string | Error, ...rest: []) => {
    if (!String(warning).startsWith('FFI is an experimental feature')) emitWarning(warning, ...rest);
  };
  try {
    return load();
  } finally {
    process.emitWarning = emitWarning;
  }
}
