import { isIP } from 'node:net';
import { z } from 'zod';
import { isUnix, parseAddress, type Address } from './address.ts';
import { parseListenRanges, type ListenRange } from './listen.ts';
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
  if (typeof ranges !== 'string') return ranges;
  context.addIssue({ code: 'custom', message: ranges });
  return z.NEVER;
});

/** The address of an upstream: its port is not 0. */
export const targetSchema = z.string().transform((text, context): Address => {
  const target = parseAddress(text);
  if (target && (target.port > 0 || isUnix(target.host))) return target;
  context.addIssue({
    code: 'custom',
    message: 'must be HOST:PORT or unix:/path, such as localhost:8080 or [::1]:8080',
  });
  return z.NEVER;
});

/** The limit exists because every new client is compared with each range. */
const mostRanges = 1000;
const rangesRule = 'must be addresses or ranges such as 127.0.0.1, 10.0.0.0/8 or fd00::/8, with commas between them';

/** Ranges separated by commas; each is returned with its prefix length: `10.0.0.0/8`, `127.0.0.1/32`. */
export const addressRangesSchema = z.string().transform((text, context): readonly string[] => {
  const ranges = text.split(',').map((part) => parseRange(part.trim()));
  if (ranges.every((one) => one !== undefined) && ranges.length <= mostRanges) return ranges.map(formatRange);
  context.addIssue({
    code: 'custom',
    message: ranges.length > mostRanges ? `must be at most ${mostRanges}` : rangesRule,
  });
  return z.NEVER;
});

/** `true` stands for all addresses, `false` for none (an empty list). */
export const trustedSchema = z.string().transform((text, context): readonly string[] => {
  if (text === 'true') return everyAddress;
  if (text === 'false') return [];
  const ranges = addressRangesSchema.safeParse(text);
  if (ranges.success) return ranges.data;
  context.addIssue({ code: 'custom', message: rangesRule.replace('must be', 'must be true, false, or') });
  return z.NEVER;
});
