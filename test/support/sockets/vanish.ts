import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import type { Socket } from 'node:net';
import { openLibc, type Libc } from '../../../src/relay/driver/splice/libc.ts';
import { word } from '../../../src/relay/driver/splice/libc-symbols.ts';
import { descriptorOf } from './urgent.ts';

/**
 * Machines that vanish, on loopback and without rights: a socket filter that drops every packet makes the kernel deaf
 * for one socket, so that it neither acknowledges nor resets (socket(7), SO_ATTACH_FILTER).
 */
const [solSocket, tcp] = [1, 6];
const attachFilter = 26;
const tcpUserTimeout = 18;

/** From here on no packet for the socket arrives. */
export function vanish(socket: Socket): void {
  const libc = open();
  // struct sock_filter: BPF_RET | BPF_K, with 0 bytes of the packet to keep. struct sock_fprog: one such instruction.
  const program = libc.allocate(8);
  new DataView(program.bytes.buffer).setUint16(0, 0x06, true);
  const filter = libc.allocate(16);
  const view = new DataView(filter.bytes.buffer);
  view.setUint16(0, 1, true);
  view.setBigUint64(8, program.pointer, true);
  const { functions, result } = libc.calls;
  const [fd, level, option] = [word(descriptorOf(socket)), word(solSocket), word(attachFilter)];
  const attached = result(functions.setsockopt(fd, level, option, filter.pointer, 16n));
  if (attached < 0) throw new Error(`SO_ATTACH_FILTER: errno ${-attached}`);
}

/** What the kernel does about a silent peer of a socket. */
export interface Patience {
  readonly isProbed: boolean;
  readonly probeAfterMs: number;
  readonly probeIntervalMs: number;
  readonly probes: number;
  readonly userTimeoutMs: number;
  /** Undefined where the kernel does not know the option. */
  readonly longestRetryMs: number | undefined;
}

export function patienceOf(fd: number): Patience {
  const of = (level: number, option: number): number => readOption(open(), fd, level, option);
  const longestRetryMs = of(tcp, 44);
  return {
    isProbed: of(solSocket, 9) === 1,
    probeAfterMs: of(tcp, 4) * 1_000,
    probeIntervalMs: of(tcp, 5) * 1_000,
    probes: of(tcp, 6),
    userTimeoutMs: of(tcp, tcpUserTimeout),
    longestRetryMs: longestRetryMs < 0 ? undefined : longestRetryMs,
  };
}

/** Makes the kernel give up bytes under way after so long, instead of the better part of a minute. */
export function hurry(fd: number, timeoutMs: number): void {
  const libc = open();
  const value = libc.allocate(4);
  new DataView(value.bytes.buffer).setInt32(0, timeoutMs, true);
  const { functions, result } = libc.calls;
  const set = result(functions.setsockopt(word(fd), word(tcp), word(tcpUserTimeout), value.pointer, 4n));
  if (set < 0) throw new Error(`TCP_USER_TIMEOUT: errno ${-set}`);
}

/** True while the socket takes no bytes, and its other end asks again and again whether it does (the timer 4). */
export function isFull(socket: Socket): boolean {
  return rowOf(socket)[5]?.startsWith('04:') ?? false;
}

/** The descriptor of the other end of a connection within this process. */
export function otherEndOf(socket: Socket): number {
  const inode = rowOf(socket)[9];
  const fd = readdirSync('/proc/self/fd').find((name) => linkOf(name) === `socket:[${inode}]`);
  if (fd === undefined) throw new Error(`no socket here is connected to ${socket.localPort}`);
  return Number(fd);
}

/** The other end's row in the kernel's table of sockets (proc(5), /proc/net/tcp). */
function rowOf({ localPort, remotePort }: Socket): readonly string[] {
  const connection = ` ${hostAndPort(remotePort)} ${hostAndPort(localPort)} `;
  const rows = readFileSync('/proc/net/tcp', 'utf8').split('\n');
  return (rows.find((row) => row.includes(connection)) ?? '').trim().split(/\s+/);
}

function hostAndPort(port = 0): string {
  return `0100007F:${port.toString(16).toUpperCase().padStart(4, '0')}`;
}

/** Undefined for a descriptor that was closed meanwhile, as that of the listing is. */
function linkOf(fd: string): string | undefined {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    return undefined;
  }
}

function readOption(libc: Libc, fd: number, level: number, option: number): number {
  const value = libc.allocate(4);
  const length = libc.allocate(4);
  new DataView(length.bytes.buffer).setInt32(0, 4, true);
  const { functions, result } = libc.calls;
  const read = result(functions.getsockopt(word(fd), word(level), word(option), value.pointer, length.pointer));
  return read < 0 ? read : new DataView(value.bytes.buffer).getInt32(0, true);
}

function open(): Libc {
  const libc = openLibc();
  if ('unavailable' in libc) throw new Error(libc.unavailable);
  return libc;
}
