import { isIP, isIPv4 } from 'node:net';
import { bracketedIPv6 } from './address.ts';

/**
 * Parses and prints address ranges in CIDR notation: `10.0.0.0/8`, `fd00::/8`, or a single address. This file uses no
 * zod, because the relay threads load it.
 */
interface AddressRange {
  readonly address: string;
  /** The prefix length. */
  readonly bits: number;
  readonly family: 'ipv4' | 'ipv6';
}

/** The ranges that contain all IPv4 and IPv6 addresses. */
export const everyAddress = ['0.0.0.0/0', '::/0'] as const;

const v4InV6 = /^\[::ffff:([\da-f]{1,4}):([\da-f]{1,4})\]$/;

/**
 * A range of IPv4-mapped IPv6 addresses (RFC 4291 §2.5.5.2) becomes an IPv4 range, because clients are always compared
 * by their IPv4 address.
 */
export function parseRange(text: string): AddressRange | undefined {
  const [address = '', length, ...rest] = text.split('/');
  const most = { 0: 0, 4: 32, 6: 128 }[isIP(address)] ?? 0;
  if (most === 0 || address.includes('%') || rest.length > 0) return undefined;
  if (length !== undefined && !(/^\d{1,3}$/.test(length) && Number(length) <= most)) return undefined;
  const bits = Number(length ?? most);
  if (isIPv4(address)) return { address, bits, family: 'ipv4' };
  // An IPv6 address has many spellings; a URL prints the canonical one.
  const [, high, low] = (bits >= 96 && v4InV6.exec(bracketedIPv6(address))) || [];
  if (high === undefined || low === undefined) return { address, bits, family: 'ipv6' };
  const bytes = [high, low].flatMap((word) => [Number.parseInt(word, 16) >>> 8, Number.parseInt(word, 16) & 0xff]);
  return { address: bytes.join('.'), bits: bits - 96, family: 'ipv4' };
}

export function formatRange({ address, bits }: AddressRange): string {
  return `${address}/${bits}`;
}
