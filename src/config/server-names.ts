import { isIP } from 'node:net';
import { domainToASCII } from 'node:url';
import { z } from 'zod';

/**
 * The names that tell routes on one port apart, as people write them: `api.localhost`, `*.localhost`, several with
 * commas. Inside: lower case, ASCII, no final dot, none twice.
 */
const label = '[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?';
const pattern = new RegExp(`^(?=.{1,253}$)(?:\\*\\.)?${label}(?:\\.${label})*$`);

/** Each is looked at for every table, and listed on the page for a name that nobody has. */
const mostNames = 100;

/** The name in its one spelling, or what is wrong with it. */
function readName(text: string): { readonly name: string } | { readonly wrong: string } {
  const plain = text.toLowerCase().replace(/\.$/, '');
  if (/^[a-z]+:\/\//.test(plain)) return { wrong: 'must be names such as api.localhost, without http:// or a path' };
  if (plain.startsWith('[') || isIP(plain) === 6) return { wrong: 'must be names; IPv6 addresses are not supported' };
  if (/:\d*$/.test(plain)) return { wrong: 'must be names without a port: clients that ask for any port are meant' };
  // Any name: whoever asks for one that nobody has.
  if (plain === '*') return { name: plain };
  if (plain.lastIndexOf('*') > 0) return { wrong: 'must have * only in front, as in *.localhost' };
  // Clients send names outside ASCII in their ASCII form (RFC 5890); what is ASCII already is left as it is written.
  const ascii = /[^!-~]/.test(plain) ? domainToASCII(plain) : plain;
  if (pattern.test(ascii)) return { name: ascii };
  return { wrong: 'must be names such as api.localhost or *.localhost, with commas between them' };
}

export const serverNamesSchema = z.string().transform((text, context): readonly string[] => {
  const names = new Set<string>();
  for (const part of text.split(',')) {
    const reading = readName(part.trim());
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
