import { isIP, isIPv4 } from 'node:net';
import { bracketedIPv6 } from './address.ts';

/**
 * Ranges of addresses in CIDR notation: `10.0.0.0/8`, `fd00::/8`, a lone address for itself. No zod: the relay's threads
 * load this file.
 */
interface AddressRange {
  readonly address: string;
  /** The length of its prefix. */
  readonly bits: number;
  readonly family: 'ipv4' | 'ipv6';
}

/** All addresses of both families. */
export const everyAddress = ['0.0.0.0/0', '::/0'] as const;

const v4InV6 = /^\[::ffff:([\da-f]{1,4}):([\da-f]{1,4})\]$/;

/**
 * A range whose addresses are all IPv4 written as IPv6 (RFC 4291 §2.5.5.2) is one of IPv4: clients are always compared by
 * their IPv4 address.
 */
export function parseRange(text: string): AddressRange | undefined {
  const [address = '', length, ...rest] = text.split('/');
  const most = { 0: 0, 4: 32, 6: 128 }[isIP(address)] ?? 0;
  if (most === 0 || address.includes('%') || rest.length > 0) return undefined;
  if (length !== undefined && !(/^\d{1,3}$/.test(length) && Number(length) <= most)) return undefined;
  const bits = Number(length ?? most);
  if (isIPv4(address)) return { address, bits, family: 'ipv4' };
  // An IPv6 address may be written in many ways; a URL has it in one.
  const [, high, low] = (bits >= 96 && v4InV6.exec(bracketedIPv6(address))) || [];
  if (high === undefined || low === undefined) return { address, bits, family: 'ipv6' };
  const bytes = [high, low].flatMap((word) => [Number.parseInt(word, 16) >>> 8, Number.parseInt(word, 16) & 0xff]);
  return { address: bytes.join('.'), bits: bits - 96, family: 'ipv4' };
}

export function formatRange({ address, bits }: AddressRange): string {
  return `${address}/${bits}`;
}
