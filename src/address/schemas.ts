import { isIP } from 'node:net';
import { z } from 'zod';
import { parseBoolean } from '../text/boolean.ts';
import { didYouMean } from '../text/did-you-mean.ts';
import { refuse } from '../text/refusal.ts';
import { isUnix, parseAddress, type Address } from './address.ts';
import { parseListenRanges, type ListenRange } from './listen.ts';
import { meantListen } from './meant-listen.ts';
import { everyAddress, formatRange, parseRange } from './ranges.ts';

/**
 * Zod schemas for addresses and address ranges in options and settings, each with a message that says what is expected.
 */
export const ipSchema = z
  .string()
  .refine((text) => isIP(text) !== 0, 'must be an IP address, such as 127.0.0.1 or 0.0.0.0');

/** One listen address or several, with port ranges of one length. */
export const listenSchema = z.string().transform((text, context): readonly ListenRange[] => {
  const ranges = parseListenRanges(text);
  return typeof ranges === 'string' ? refuse(context, ranges, meantListen(text)) : ranges;
});

/** The address of an upstream: its port is not 0. */
export const targetSchema = z.string().transform((text, context): Address => {
  const target = parseAddress(text);
  if (target && (target.port > 0 || isUnix(target.host))) return target;
  return refuse(
    context,
    'must be HOST:PORT or unix:/path, such as localhost:8080 or [::1]:8080',
    text.length > longestTarget ? undefined : meantTarget(text),
  );
});

const longestTarget = 300;

/** The address that was meant by a port alone, a URL or the path of a socket. */
function meantTarget(text: string): string | undefined {
  const plain = text.replace(/^[a-z]+:\/\/(?=[^/])/i, '').replace(/(?<=.)\/.*$/, '');
  const path = /^(?:unix:)?(?:\/\/)?(\/[^/].*)$/.exec(text)?.[1];
  const meant = path === undefined ? plain.replace(/^:?(?=\d+$)/, 'localhost:') : `unix:${path}`;
  const target = parseAddress(meant);
  return target && (target.port > 0 || isUnix(target.host)) ? meant : undefined;
}

/** The limit exists because every new client is compared with each range. */
const mostRanges = 1000;
const rangesRule = 'must be addresses or ranges such as 127.0.0.1, 10.0.0.0/8 or fd00::/8, with commas between them';

/** Ranges separated by commas; each is returned with its prefix length: `10.0.0.0/8`, `127.0.0.1/32`. */
export const addressRangesSchema = z.string().transform((text, context): readonly string[] => {
  const ranges = text.split(',').map((part) => parseRange(part.trim()));
  if (ranges.length > mostRanges) return refuse(context, `must be at most ${mostRanges}`);
  return ranges.every((one) => one !== undefined)
    ? ranges.map(formatRange)
    : refuse(context, rangesRule, meantRanges(text));
});

/** The ranges that were meant by a text with other separators than commas, or with `localhost`. */
function meantRanges(text: string): string | undefined {
  const parts = text
    .split(/[\s,;|]+/, mostRanges)
    .flatMap((part) => (part === 'localhost' ? ['127.0.0.1', '::1'] : part));
  return parts.every((part) => parseRange(part) !== undefined) ? parts.join(', ') : undefined;
}

/** `true` stands for all addresses, `false` for none (an empty list). */
export const trustedSchema = z.string().transform((text, context): readonly string[] => {
  if (text === 'true') return everyAddress;
  if (text === 'false') return [];
  const ranges = addressRangesSchema.safeParse(text);
  if (ranges.success) return ranges.data;
  const word = parseBoolean(text);
  const meant = word === undefined ? (didYouMean(text, ['true', 'false']) ?? meantRanges(text)) : String(word);
  return refuse(context, rangesRule.replace('must be', 'must be true, false, or'), meant);
});
