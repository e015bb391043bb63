import { z } from 'zod';
import type { UpstreamOptions } from '../../relay/boundary/table.ts';
import { duration, flag, wholeNumber } from './kinds.ts';
import type { OptionTable } from './option.ts';

/**
 * Options of one upstream among those of its pool.
 */
const weightRule = 'must be a whole number, 0-256';

/** Digits only: an empty text would be taken for 0, and an upstream of weight 0 gets no clients. */
const weightSchema = z
  .string()
  .regex(/^\d{1,3}$/, weightRule)
  .transform(Number)
  .refine((value) => value <= 256, weightRule);

export const upstreamOptions = {
  weight: {
    schema: weightSchema,
    value: '0-256',
    // A static service has one for each upstream.
    containerOnly: true,
    field: 'weight',
    default: 1,
    onMistake: 'fallback',
    description: 'Share of new sessions; 0 takes none.',
  },
  backup: {
    ...flag,
    field: 'backup',
    default: false,
    onMistake: 'fallback',
    description: 'Used only when no other upstream is ready.',
  },
  'max-connections': {
    ...wholeNumber(1, 1_000_000),
    field: 'maxConnections',
    fallback: 'no limit',
    onMistake: 'fallback',
    description: 'Most sessions at once for each upstream; one more goes to the next, or waits.',
  },
  'slow-start': {
    ...duration,
    field: 'slowStartMs',
    default: 0,
    fallback: '`0`',
    onMistake: 'fallback',
    description: 'Time over which the share of an upstream that became ready grows.',
  },
  drain: {
    ...duration,
    fallback: 'the container’s stop timeout',
    onMistake: 'fallback',
    description: 'How long sessions run on after their upstream was taken out of the pool.',
  },
} as const satisfies OptionTable<keyof UpstreamOptions>;
