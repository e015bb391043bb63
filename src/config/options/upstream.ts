import { z } from 'zod';
import type { UpstreamOptions } from '../../relay/boundary/table.ts';
import { duration, flag, wholeNumber } from './kinds.ts';
import type { OptionTable } from './option.ts';

/**
 * The options of one upstream in its pool.
 */
const weightRule = 'must be a whole number, 0-256';

/** Only digits are accepted: an empty text would become 0, and an upstream with weight 0 gets no clients. */
const weightSchema = z
  .string()
  .regex(/^\d{1,3}$/, weightRule)
  .transform(Number)
  .refine((value) => value <= 256, weightRule);

export const upstreamOptions = {
  weight: {
    schema: weightSchema,
    value: '0-256',
    // A static service has a weight for each upstream instead.
    containerOnly: true,
    field: 'weight',
    default: 1,
    onMistake: 'fallback',
    description: 'The share of new sessions; an upstream with weight 0 gets none.',
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
    onMistake: 'refuse',
    description: 'The most sessions of each upstream at once; one more goes to the next upstream, or waits.',
  },
  'slow-start': {
    ...duration,
    field: 'slowStartMs',
    default: 0,
    fallback: '`0`',
    onMistake: 'fallback',
    description: 'The time over which the share of an upstream that became ready grows.',
  },
  drain: {
    ...duration,
    fallback: 'the container’s stop timeout',
    onMistake: 'fallback',
    description: 'How long sessions may continue after their upstream was removed from the pool.',
  },
} as const satisfies OptionTable<keyof UpstreamOptions>;
