import { isIP } from 'node:net';
import { z } from 'zod';
import { plainRange } from '../relay/boundary/table.ts';

/**
 * Ranges of addresses in CIDR notation, as people write them: `10.0.0.0/8`, `fd00::/8`, a lone address for itself;
 * several with commas. Inside, each has its length.
 */
const rule = 'must be addresses or ranges such as 127.0.0.1, 10.0.0.0/8 or fd00::/8, with commas between them';

/** Each is asked for every client that connects. */
const mostRanges = 1000;

/** Everybody. */
export const everyAddress = ['0.0.0.0/0', '::/0'] as const;

function readRange(text: string): string | undefined {
  const [address = '', length, ...rest] = text.split('/');
  const bits = { 0: 0, 4: 32, 6: 128 }[isIP(address)] ?? 0;
  if (bits === 0 || address.includes('%') || rest.length > 0) return undefined;
  if (length !== undefined && !(/^\d{1,3}$/.test(length) && Number(length) <= bits)) return undefined;
  const plain = plainRange(address, Number(length ?? bits));
  return `${plain.address}/${plain.bits}`;
}

export const addressRangesSchema = z.string().transform((text, context): readonly string[] => {
  const ranges = text.split(',').map((part) => readRange(part.trim()));
  if (ranges.every((one) => one !== undefined) && ranges.length <= mostRanges) return ranges;
  context.addIssue({ code: 'custom', message: ranges.length > mostRanges ? `must be at most ${mostRanges}` : rule });
  return z.NEVER;
});

/** `true`: whoever connects; `false`: nobody, which is the same as an empty list. */
export const trustedSchema = z.string().transform((text, context): readonly string[] => {
  if (text === 'true') return everyAddress;
  if (text === 'false') return [];
  const ranges = addressRangesSchema.safeParse(text);
  if (ranges.success) return ranges.data;
  context.addIssue({ code: 'custom', message: rule.replace('must be', 'must be true, false, or') });
  return z.NEVER;
});
