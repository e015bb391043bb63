import type * as ffiTypes from 'node:ffi';
import { getSystemErrorMessage, getSystemErrorName } from 'node:util';
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
 * The kernel as a small socket library: the only file that knows node:ffi; struct layouts (x86-64 and arm64), constants and
 * errno are here and in epoll-set.ts. Nothing here throws: a call gives its result, or minus errno, as the kernel does.
 *
 * Arguments go over as BigInts (see `word`), which optimised code never really makes; results come back as 32
 * bits, since sizes stay far below 2 GiB. A pointer is of memory that is never let go while in use.
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
const closeOnExec = 0o2000000n;
const nonBlocking = 0o4000n;
const solSocket = 1n;
const ipProtoTcp = 6n;
const spliceFlags = 0x1n | 0x2n; // SPLICE_F_MOVE | SPLICE_F_NONBLOCK
const keepIdleSeconds = 60;

/** Memory that the kernel reads and writes. Keep a reference for as long as it may. */
export interface Memory {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly pointer: bigint;
  readonly size: number;
}

function ffiModule(): Ffi | undefined {
  return withoutFfiWarning(() => process.getBuiltinModule('node:ffi') as Ffi | undefined);
}

/** What another part of it calls the kernel with. */
export interface Calls {
  readonly functions: Functions;
  /** A call's result, or minus errno. */
  readonly result: (result: number) => number;
}

/** Libc of this thread, or why there is none. */
export function openLibc(): Libc | { readonly unavailable: string } {
  const ffi = ffiModule();
  if (!ffi) return { unavailable: `Node ${process.versions.node} runs without node:ffi` };
  try {
    return new Libc(ffi, ffi.dlopen(null, signatures).functions);
  } catch (error) {
    return { unavailable: messageOf(error) };
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

  read(fd: number, into: Memory): number {
    return this.#result(this.#c.read(word(fd), into.pointer, word(into.size)));
  }

  /** No more than so many bytes. */
  readSome(fd: number, into: Memory, length: number): number {
    return this.#result(this.#c.recv(word(fd), into.pointer, word(length), 0n));
  }

  readAt(fd: number, into: Memory, offset: number): number {
    return this.#result(this.#c.recv(word(fd), into.pointer + word(offset), word(into.size - offset), 0n));
  }

  write(fd: number, from: Memory, length: number): number {
    return this.#result(this.#c.send(word(fd), from.pointer, word(length), 0n));
  }

  /** What `shutdownWrite` or `close` is about to follow: its FIN travels in the same segment (send(2), MSG_MORE). */
  writeLast(fd: number, from: Memory, length: number): number {
    return this.#result(this.#c.send(word(fd), from.pointer, word(length), 0x8000n));
  }

  writeFrom(fd: number, from: Memory, offset: number, length: number): number {
    return this.#result(this.#c.send(word(fd), from.pointer + word(offset), word(length), 0n));
  }

  /** 1 if there is a byte to read, 0 at the end; nothing is consumed. */
  peek(fd: number): number {
    return this.peekInto(fd, this.#option, 1);
  }

  /** How many of the bytes that are there were copied; nothing is consumed. */
  peekInto(fd: number, into: Memory, length: number): number {
    return this.#result(this.#c.recv(word(fd), into.pointer, word(length), 0x2n));
  }

  /** From a socket into a pipe, or from a pipe into a socket. */
  splice(from: number, to: number, length: number): number {
    return this.#result(this.#c.splice(word(from), 0n, word(to), 0n, word(length), spliceFlags));
  }

  /** Gives the end to read from; `pipeWriteEnd` has the other. */
  pipe(): number {
    const result = this.#c.pipe2(this.#option.pointer, nonBlocking | closeOnExec);
    return result < 0 ? this.#result(result) : (this.#ints[0] ?? 0);
  }

  get pipeWriteEnd(): number {
    return this.#ints[1] ?? 0;
  }

  /** The size it has then. */
  resizePipe(fd: number, size: number): number {
    return this.#result(this.#c.fcntl(word(fd), 1031n, word(size)));
  }

  /** For an IP address or `unix:/path`. */
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

  /** `lastAddressText` has the peer's. */
  accept(fd: number): number {
    this.#length[0] = maxUnixAddressLength;
    const flags = nonBlocking | closeOnExec;
    return this.#result(this.#c.accept4(word(fd), this.#address.pointer, this.#addressLength.pointer, flags));
  }

  /** `lastAddress` has it. */
  localAddress(fd: number): number {
    this.#length[0] = maxUnixAddressLength;
    return this.#result(this.#c.getsockname(word(fd), this.#address.pointer, this.#addressLength.pointer));
  }

  lastAddress(): SocketAddress {
    return decodeAddress(this.#address.bytes);
  }

  /** `ip:port`, or `unix`. */
  lastAddressText(): string {
    return decodeText(this.#address.bytes);
  }

  shutdownWrite(fd: number): number {
    return this.#result(this.#c.shutdown(word(fd), 1n));
  }

  /** Minus the errno of the socket's failure, which is forgotten; 0 if it has none. */
  socketError(fd: number): number {
    this.#length[0] = 4;
    this.#ints[0] = 0;
    const result = this.#c.getsockopt(word(fd), solSocket, 4n, this.#option.pointer, this.#addressLength.pointer);
    return result < 0 ? this.#result(result) : -this.#ints[0];
  }

  setReuse(fd: number, reusePort: boolean): number {
    const result = this.#setOption(fd, solSocket, 2n, 1);
    return result < 0 || !reusePort ? result : this.#setOption(fd, solSocket, 15n, 1);
  }

  /** Let an IPv6 listener take IPv4 clients too, whatever net.ipv6.bindv6only says. */
  setDualStack(fd: number): number {
    return this.#setOption(fd, 41n, 26n, 0);
  }

  setNoDelay(fd: number): number {
    return this.#setOption(fd, ipProtoTcp, 1n, 1);
  }

  /** Off, before `connect`: the last packet of the handshake waits for the first bytes (tcp(7), TCP_QUICKACK). */
  setQuickAck(fd: number, isOn: boolean): number {
    return this.#setOption(fd, ipProtoTcp, 12n, isOn ? 1 : 0);
  }

  setKeepAlive(fd: number): number {
    this.#setOption(fd, ipProtoTcp, 4n, keepIdleSeconds);
    return this.#setOption(fd, solSocket, 9n, 1);
  }

  /** The socket's close is a reset: SO_LINGER with no time (socket(7)). */
  setResetOnClose(fd: number): number {
    this.#ints[0] = 1;
    this.#ints[1] = 0;
    return this.#result(this.#c.setsockopt(word(fd), solSocket, 13n, this.#option.pointer, 8n));
  }

  eventfd(): number {
    return this.#result(this.#c.eventfd(0n, nonBlocking | closeOnExec));
  }

  epoll(): number {
    return this.#result(this.#c.epoll_create1(closeOnExec, 0n));
  }

  get calls(): Calls {
    return { functions: this.#c, result: (result: number) => this.#result(result) };
  }

  #setOption(fd: number, level: bigint, name: bigint, value: number): number {
    this.#ints[0] = value;
    return this.#result(this.#c.setsockopt(word(fd), level, name, this.#option.pointer, 4n));
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
