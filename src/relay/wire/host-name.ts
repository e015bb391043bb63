import { isIPv6 } from 'node:net';
import { bracketedIPv6 } from '../../address/address.ts';
import { parsePort } from '../../address/port.ts';

/**
 * Host names as clients send them, brought into one form so that they can be compared: lower case, without the root's
 * dot.
 */
const maxLength = 253;
/** Letters, digits and hyphens (RFC 1123); underscores too, since compose service names have them. */
const labels = /^[a-z0-9_-]+(?:\.[a-z0-9_-]+)*$/;

/** The name in its one form; undefined where the text can't be a host name. */
export function hostName(text: string): string | undefined {
  const name = (text.endsWith('.') ? text.slice(0, -1) : text).toLowerCase();
  return name.length <= maxLength && labels.test(name) ? name : undefined;
}

/** The parts of `host`, `host:port` or `[ipv6]:port` (RFC 3986 §3.2, without user information); an empty port is none. */
export function readAuthority(text: string): { readonly host: string; readonly port: number | undefined } | undefined {
  const [, literal, digits = ''] = /^(\[[0-9a-f:.]{2,45}\]|[^:[\]]+)(?::(\d{0,5}))?$/i.exec(text) ?? [];
  if (literal === undefined) return undefined;
  const host = literal.startsWith('[') ? addressLiteral(literal) : hostName(literal);
  return host === undefined ? undefined : { host, port: parsePort(digits) };
}

/** An address in brackets such as `[::1]` in its one form (RFC 5952), which names on listeners have too. */
function addressLiteral(bracketed: string): string | undefined {
  const address = bracketed.slice(1, -1);
  return isIPv6(address) ? bracketedIPv6(address) : undefined;
}
