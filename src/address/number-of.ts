import { isIPv6 } from 'node:net';
import { bracketedIPv6 } from './address.ts';

/** The number that an IP address without a zone stands for. Pure. */
export function numberOf(address: string): bigint {
  return isIPv6(address) ? v6ToNumber(address) : v4ToNumber(address);
}

/** The IPv4 address that a number stands for. */
export function dotted(address: bigint): string {
  return [24n, 16n, 8n, 0n].map((shift) => (address >> shift) & 0xffn).join('.');
}

function v4ToNumber(address: string): bigint {
  return address.split('.').reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
}

function v6ToNumber(address: string): bigint {
  const [head = '', tail] = bracketedIPv6(address).slice(1, -1).split('::');
  const [before, after] = [head, tail ?? ''].map((part) => (part === '' ? [] : part.split(':'))) as [
    string[],
    string[],
  ];
  const zeros = Array<string>(8 - before.length - after.length).fill('0');
  return [...before, ...zeros, ...after].reduce((sum, word) => (sum << 16n) | BigInt(`0x${word}`), 0n);
}
