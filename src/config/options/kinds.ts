import { z } from 'zod';
import { addressRangesSchema } from '../../address/schemas.ts';
import { parseBoolean } from '../../text/boolean.ts';
import { durationSchema, formatDuration } from '../../text/duration.ts';
import type { ValueKind } from './option.ts';

/**
 * The kinds of values that options and settings share.
 */
export const duration = { schema: durationSchema, value: 'duration', show: formatDuration } satisfies ValueKind<number>;

export const positiveDuration = {
  ...duration,
  schema: durationSchema.refine((ms) => ms > 0, 'must be longer than 0'),
} satisfies ValueKind<number>;

export function wholeNumber(min: number, max: number): ValueKind<number> {
  const rule = `must be a whole number, ${min}-${max}`;
  return { schema: z.coerce.number(rule).int(rule).min(min, rule).max(max, rule), value: `${min}-${max}` };
}

export function oneOf<const Words extends readonly [string, ...string[]]>(
  words: Words,
): ValueKind<Words[number]> & { readonly schema: z.ZodType<Words[number], Words[number]> } {
  const [last, ...others] = words.toReversed();
  const rule = `must be ${others.length === 0 ? '' : `${others.toReversed().join(', ')} or `}${last}`;
  return { schema: z.enum(words, rule), value: words.map((word) => `\`${word}\``).join(', ') };
}

const trueOrFalse = oneOf(['true', 'false']);

/** Other spellings that compose users know, such as `True`, `yes` and `1`, are accepted, too. */
export const flag = {
  ...trueOrFalse,
  schema: z
    .string()
    .transform((text) => String(parseBoolean(text) ?? text))
    .pipe(trueOrFalse.schema)
    .transform((text) => text === 'true'),
  show: String,
} satisfies ValueKind<boolean>;

export const cidrs = { schema: addressRangesSchema, value: 'CIDRs' } satisfies ValueKind<readonly string[]>;

/** Service names appear in logs, metrics and URLs, so only these characters are accepted. */
export const serviceName = {
  schema: z
    .string()
    .regex(
      /^[A-Za-z0-9][A-Za-z0-9_.:/-]{0,127}$/,
      'must be 1-128 letters, digits or _ . : / - and start with a letter or digit',
    ),
  value: 'a service name',
} satisfies ValueKind<string>;
