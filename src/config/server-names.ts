import { isIPv6 } from 'node:net';
import { domainToASCII } from 'node:url';
import { z } from 'zod';
import { bracketedIPv6 } from '../address/address.ts';
import { isHostPattern } from '../address/host-name.ts';
import { refuse } from '../text/refusal.ts';

/**
 * Parses the names by which routes share a port, separated by commas: `api.localhost`, `*.localhost`. Parsed names are
 * in lower case and ASCII, without a final dot, and without duplicates.
 */
/** The limit exists because each name is processed for every table, and listed on the page for unknown names. */
const mostNames = 100;

type Reading = { readonly name: string } | { readonly wrong: string };

/** Returns the name in its canonical spelling, or the rule that is broken. */
function readName(text: string, readAddress: (address: string) => Reading): Reading {
  const plain = text.toLowerCase().replace(/\.$/, '');
  if (/^[a-z]+:\/\//.test(plain)) return { wrong: 'must be names such as api.localhost, without http:// or a path' };
  // A name that ends in a label of digits is an address or invalid (RFC 1123 §2.1; browsers read it so, too).
  if (/^\*.*(?:\]|::.*|\.\d+)$/.test(plain))
    return { wrong: 'must have * only in front of names: there is nothing beneath an address' };
  if (isIPv6(plain)) return { wrong: 'must have IPv6 addresses in brackets, as in [::1]' };
  if (/:\d*$/.test(plain)) return { wrong: 'must be names without a port: a name matches requests for any port' };
  const address = /^\[(.*)\]$/.exec(plain)?.[1];
  if (address !== undefined) return readAddress(address);
  // The pattern `*` matches the clients that ask for a name that no other route has.
  if (plain === '*') return { name: plain };
  if (plain.lastIndexOf('*') > 0) return { wrong: 'must have * only in front, as in *.localhost' };
  // Clients send names outside ASCII in their ASCII form (RFC 5890); names in ASCII are left unchanged.
  const ascii = /[^!-~]/.test(plain) ? domainToASCII(plain) : plain;
  if (isHostPattern(ascii)) return { name: ascii };
  return { wrong: 'must be names such as api.localhost or *.localhost, with commas between them' };
}

/** Returns the address in its canonical spelling, in brackets as in URLs and Host headers. */
function readIPv6(address: string): Reading {
  // A zone, as in fe80::1%eth0, has a meaning on one machine only; clients leave it out.
  if (!isIPv6(address) || address.includes('%')) return { wrong: 'must have IPv6 addresses such as [::1] in brackets' };
  return { name: bracketedIPv6(address) };
}

const namesSchema = (readAddress: (address: string) => Reading): z.ZodType<readonly string[], string> =>
  z.string().transform((text, context): readonly string[] => {
    const names = new Set<string>();
    for (const part of text.split(',')) {
      const reading = readName(part.trim(), readAddress);
      if ('wrong' in reading) return refuse(context, reading.wrong, meantNames(text, readAddress));
      names.add(reading.name);
    }
    return names.size <= mostNames ? [...names] : refuse(context, `must be at most ${mostNames} names`);
  });

/** Longer texts are hostile rather than mistaken, and would take long to search. */
const longestMeant = 1_000;

/** The names that were meant by URLs, by names with a port, by other separators than commas, or by Traefik's `Host()`. */
function meantNames(text: string, readAddress: (address: string) => Reading): string | undefined {
  if (text.length > longestMeant) return undefined;
  const names = text
    .replaceAll(/\bHost(?:SNI)?\(([^)]*)\)/gi, '$1')
    .split(/[\s,;|"'`]+/, mostNames)
    .filter((part) => part !== '')
    .map((part) => readName(part.replace(/^[a-z]+:\/\//i, '').replace(/(?::\d*)?(?:\/.*)?$/, ''), readAddress));
  const found = names.flatMap((one) => ('name' in one ? [one.name] : []));
  return found.length > 0 && found.length === names.length ? found.join(', ') : undefined;
}

/** The one name that was meant by a URL, or by a name with a port. */
export function meantName(text: string): string | undefined {
  const meant = meantNames(text, () => ({ wrong: '' }));
  return meant !== undefined && isHostPattern(meant) && !meant.startsWith('*') ? meant : undefined;
}

/** Names that HTTP clients ask for, including IPv6 addresses. */
export const hostNamesSchema = namesSchema(readIPv6);

/** Names that TLS clients ask for, without addresses (RFC 6066 §3). */
export const serverNamesSchema = namesSchema(() => ({ wrong: 'must be names; TLS clients ask for no IPv6 addresses' }));
