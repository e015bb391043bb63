import { encodeAddress, maxAddressLength, type SocketAddress } from '../socket-address.ts';
import type { ProxyProtocol } from '../../boundary/table.ts';
import { crc32c } from './crc32c.ts';
import { fixedBytes, signature } from './read.ts';
import { checksumBytes, findChecksum } from './tlvs.ts';

/**
 * Writes the header that tells an upstream its client's address (HAProxy's proxy-protocol.txt).
 */
interface Forwarded {
  /** The client's address; undefined where it is not known or no IP address, which the header then says. */
  readonly source: SocketAddress | undefined;
  readonly destination: SocketAddress | undefined;
  /** The TLVs of the header with which the client came, if any; version 1 has no room for them. */
  readonly tlvs?: Uint8Array;
}

const unknownText = Buffer.from('PROXY UNKNOWN\r\n');
const noTlvs = new Uint8Array();

export function writeProxyHeader(version: ProxyProtocol, forwarded: Forwarded): Buffer {
  return version === 'v1' ? writeText(forwarded) : writeBinary(forwarded);
}

function writeText({ source, destination }: Forwarded): Buffer {
  const pair = pairOf(source, destination);
  if (!pair) return unknownText;
  const { from, to, family } = pair;
  return Buffer.from(`PROXY TCP${family} ${from.host} ${to.host} ${from.port} ${to.port}\r\n`);
}

function writeBinary({ source, destination, tlvs = noTlvs }: Forwarded): Buffer {
  const pair = pairOf(source, destination);
  const size = pair ? (pair.family === 4 ? 4 : 16) : 0;
  const tlvsAt = fixedBytes + (pair ? 2 * size + 4 : 0);
  const header = Buffer.alloc(tlvsAt + tlvs.length);
  header.set(signature);
  header[12] = 0x21;
  header[13] = pair ? (pair.family === 4 ? 0x11 : 0x21) : 0;
  header.writeUInt16BE(header.length - fixedBytes, 14);
  if (pair) {
    copyAddress(header, fixedBytes, size, pair.from);
    copyAddress(header, fixedBytes + size, size, pair.to);
    header.writeUInt16BE(pair.from.port, fixedBytes + 2 * size);
    header.writeUInt16BE(pair.to.port, fixedBytes + 2 * size + 2);
  }
  header.set(tlvs, tlvsAt);
  renewChecksum(header, tlvsAt);
  return header;
}

const kernel = new Uint8Array(maxAddressLength);

function copyAddress(into: Uint8Array, at: number, size: number, { host, port }: SocketAddress): void {
  encodeAddress(kernel, host, port);
  const from = size === 4 ? 4 : 8;
  into.set(kernel.subarray(from, from + size), at);
}

/** Computes the checksum anew: the one that came covers other addresses. */
function renewChecksum(header: Buffer, tlvsAt: number): void {
  const found = findChecksum(header.subarray(tlvsAt));
  if (typeof found === 'string') return;
  header.fill(0, tlvsAt + found, tlvsAt + found + checksumBytes);
  header.writeUInt32BE(crc32c(header), tlvsAt + found);
}

/**
 * Brings both addresses into one family, as either version requires: an IPv4 address beside an IPv6 one is mapped to
 * IPv6.
 */
function pairOf(
  source: SocketAddress | undefined,
  destination: SocketAddress | undefined,
): { readonly from: SocketAddress; readonly to: SocketAddress; readonly family: 4 | 6 } | undefined {
  if (!source || !destination) return undefined;
  const from = withoutZone(source);
  const to = withoutZone(destination);
  if (!isV6(from) && !isV6(to)) return { from, to, family: 4 };
  return { from: asV6(from), to: asV6(to), family: 6 };
}

/** Removes the zone of a link-local address: this machine's interfaces mean nothing to another machine. */
function withoutZone({ host, port }: SocketAddress): SocketAddress {
  return { host: host.split('%', 1)[0] ?? host, port };
}

function isV6({ host }: SocketAddress): boolean {
  return host.includes(':');
}

function asV6(address: SocketAddress): SocketAddress {
  return isV6(address) ? address : { host: `::ffff:${address.host}`, port: address.port };
}
