import { isIPv6 } from 'node:net';
import { domainToASCII } from 'node:url';
import { z } from 'zod';
import { bracketedIPv6 } from '../address/address.ts';
import { isHostPattern } from '../address/host-name.ts';

/**
 * The names that tell routes on one port apart, as people write them: `api.localhost`, `*.localhost`, several with
 * commas. Inside: lower case, ASCII, no final dot, none twice.
 */
/** Each is looked at for every table, and listed on the page for a name that nobody has. */
const mostNames = 100;

type Reading = { readonly name: string } | { readonly wrong: string };

/** The name in its one spelling, or what is wrong with it. */
function readName(text: string, readAddress: (address: string) => Reading): Reading {
  const plain = text.toLowerCase().replace(/\.$/, '');
  if (/^[a-z]+:\/\//.test(plain)) return { wrong: 'must be names such as api.localhost, without http:// or a path' };
  // What ends in a label of digits is an address, or nothing (RFC 1123 §2.1, and as browsers read it).
  if (/^\*.*(?:\]|::.*|\.\d+)$/.test(plain))
    return { wrong: 'must have * only in front of names: there is nothing beneath an address' };
  if (isIPv6(plain)) return { wrong: 'must have IPv6 addresses in brackets, as in [::1]' };
  if (/:\d*$/.test(plain)) return { wrong: 'must be names without a port: clients that ask for any port are meant' };
  const address = /^\[(.*)\]$/.exec(plain)?.[1];
  if (address !== undefined) return readAddress(address);
  // Any name: whoever asks for one that nobody has.
  if (plain === '*') return { name: plain };
  if (plain.lastIndexOf('*') > 0) return { wrong: 'must have * only in front, as in *.localhost' };
  // Clients send names outside ASCII in their ASCII form (RFC 5890); what is ASCII already is left as it is written.
  const ascii = /[^!-~]/.test(plain) ? domainToASCII(plain) : plain;
  if (isHostPattern(ascii)) return { name: ascii };
  return { wrong: 'must be names such as api.localhost or *.localhost, with commas between them' };
}

/** In brackets, as URLs and Host headers have it, and always written alike. */
function readIPv6(address: string): Reading {
  // A zone, as in fe80::1%eth0, means something on one machine only; clients leave it out.
  if (!isIPv6(address) || address.includes('%')) return { wrong: 'must have IPv6 addresses such as [::1] in brackets' };
  return { name: bracketedIPv6(address) };
}

const namesSchema = (readAddress: (address: string) => Reading): z.ZodType<readonly string[], string> =>
  z.string().transform((text, context): readonly string[] => {
    const names = new Set<string>();
    for (const part of text.split(',')) {
      const reading = readName(part.trim(), readAddress);
      if ('wrong' in reading) {
        context.addIssue({ code: 'custom', message: reading.wrong });
        return z.NEVER;
      }
      names.add(reading.name);
    }
    if (names.size <= mostNames) return [...names];
    context.addIssue({ code: 'custom', message: `must be at most ${mostNames} names` });
    return z.NEVER;
  });

/** What HTTP clients ask for; IPv6 addresses among them. */
export const hostNamesSchema = namesSchema(readIPv6);

/** What TLS clients ask for: names only (RFC 6066 §3). */
export const serverNamesSchema = namesSchema(() => ({ wrong: 'must be names; TLS clients ask for no IPv6 addresses' }));
