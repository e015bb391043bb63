import { isIPv6 } from 'node:net';
import { parseAddress } from '../../address/address.ts';
import { encodeAddress } from '../wire/socket-address.ts';
import { openLibc, type Libc, type Memory } from './splice/libc.ts';
import { word } from './splice/libc-symbols.ts';

/**
 * Looks up the client's own end of a connection in the kernel's table of TCP sockets (sock_diag(7)): it tells a client
 * that has closed from one that has only ended its direction. On the wire the two are the same: both have sent a FIN,
 * and both acknowledge keep-alive probes (measured on Linux 6.18; a closed socket resets only once it gets data, or
 * after net.ipv4.tcp_fin_timeout). The table holds the sockets of this network namespace alone, so a client in another
 * container or on another machine is `elsewhere`, unless it has reset: then this machine's own end is no longer in the
 * table. A client of TLS resets where it closes before it has read its session tickets.
 */
type PeerState = 'open' | 'closed' | 'elsewhere';

/** Both addresses as `ip:port`. */
export type PeerLookup = (local: string, client: string) => PeerState;

const netlink = 16n;
const rawCloseOnExec = 3n | 0o2000000n;
const sockDiag = 4n;
const byFamily = 20;
const isRequest = 1;
const tcp = 6;
const [inet, inet6] = [2, 10];
const requestLength = 72;
const addressesAt = 28;
/** The offset of `idiag_state` in the answer. */
const stateAt = 17;
/** The kernel's answer for a connection that it does not have: the socket that listens on the port, if there is one. */
const listening = 10;
/** The offset of `idiag_inode` in the answer; 0 for a socket that no process has. */
const inodeAt = 84;
/** The offset of `error` in struct nlmsgerr. */
const errorAt = 16;
const noSuchEntry = -2;
const doNotWait = 0x40n;
/** A link-local address (RFC 4291, 2.5.6): its socket is bound to an interface, and is found by no address alone. */
const linkLocal = /^fe[89ab]/i;

/** Undefined where libc can't be called. */
export function openPeerLookup(): PeerLookup | undefined {
  const libc = openLibc();
  return 'unavailable' in libc ? undefined : createPeerLookup(libc);
}

export function createPeerLookup(libc: Libc): PeerLookup {
  const memory = libc.allocate(512);
  return (local, client) => {
    const inode = find(libc, memory, client, local);
    if (inode !== undefined) return inode === none ? 'elsewhere' : inode === 0 ? 'closed' : 'open';
    return find(libc, memory, local, client) === undefined ? 'closed' : 'elsewhere';
  };
}

/** Stands for the inode where the kernel can't be asked. */
const none = -1;

/** The inode of the socket at `from` that is connected to `to`; undefined where the table has none. */
function find(libc: Libc, memory: Memory, from: string, to: string): number | undefined {
  if (!writeRequest(memory.bytes, from, to)) return none;
  const length = ask(libc, memory);
  const answer = new DataView(memory.bytes.buffer);
  if (length < errorAt + 4) return none;
  if (answer.getUint16(4, true) !== byFamily) return answer.getInt32(errorAt, true) === noSuchEntry ? undefined : none;
  return memory.bytes[stateAt] === listening ? undefined : answer.getUint32(inodeAt, true);
}

/** The kernel answers within the call to send(2), so nothing is waited for (netlink(7)). */
function ask({ calls: { functions, result } }: Libc, { pointer, size }: Memory): number {
  const fd = result(functions.socket(netlink, rawCloseOnExec, sockDiag));
  if (fd < 0) return fd;
  const sent = result(functions.send(word(fd), pointer, word(requestLength), 0n));
  const length = sent < 0 ? sent : result(functions.recv(word(fd), pointer, word(size), doNotWait));
  functions.close(word(fd), 0n);
  return length;
}

/** Writes struct nlmsghdr and struct inet_diag_req_v2 for the socket at `from` that is connected to `to`. */
function writeRequest(into: Uint8Array, from: string, to: string): boolean {
  const [source, destination] = [parseAddress(from), parseAddress(to)];
  if (!source || !destination || source.port === 0 || linkLocal.test(source.host)) return false;
  const v6 = isIPv6(source.host);
  if (v6 !== isIPv6(destination.host)) return false;
  into.fill(0);
  const view = new DataView(into.buffer);
  view.setUint32(0, requestLength, true);
  view.setUint16(4, byFamily, true);
  view.setUint16(6, isRequest, true);
  into[16] = v6 ? inet6 : inet;
  into[17] = tcp;
  // All states.
  view.setUint32(20, 0xffff_ffff, true);
  view.setUint16(24, source.port);
  view.setUint16(26, destination.port);
  writeHost(into, addressesAt, source.host);
  writeHost(into, addressesAt + 16, destination.host);
  // Any cookie (INET_DIAG_NOCOOKIE).
  view.setUint32(64, 0xffff_ffff, true);
  view.setUint32(68, 0xffff_ffff, true);
  return true;
}

function writeHost(into: Uint8Array, at: number, host: string): void {
  const encoded = new Uint8Array(32);
  encodeAddress(encoded, host, 0);
  into.set(isIPv6(host) ? encoded.subarray(8, 24) : encoded.subarray(4, 8), at);
}
