import { z } from 'zod';
import { oneOf, positiveDuration } from './kinds.ts';
import type { OptionTable } from './option.ts';

/**
 * The options of a container that sleeps while no client needs it. Discovery makes a plan of them.
 */
const sleepModes = ['stop', 'pause'] as const;

const composeService = /^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,127}$/;
const withRule = 'must be compose services with commas between them, or none';

const withSchema = z
  .string()
  .transform((text) => (text === 'none' ? [] : text.split(',').map((part) => part.trim())))
  .refine((names) => names.length <= 64 && names.every((name) => composeService.test(name)), withRule);

export const sleepOptions = {
  sleep: {
    ...positiveDuration,
    containerOnly: true,
    fallback: 'never',
    onMistake: 'fallback',
    description:
      'Stops the container after so long without an open session on any of its ports, keeps its port open, and starts it for the next client. Needs the setting `engine-actions`.',
  },
  'sleep.mode': {
    ...oneOf(sleepModes),
    containerOnly: true,
    default: 'stop',
    onMistake: 'fallback',
    description:
      'Whether the container is stopped or paused: a paused one answers within milliseconds, and keeps its memory.',
  },
  'sleep.with': {
    schema: withSchema,
    value: 'compose services, or `none`',
    list: true,
    containerOnly: true,
    fallback: 'what compose’s `depends_on` names',
    onMistake: 'fallback',
    description:
      'The compose services that are started before the container, each ready before the next, and put to sleep after it.',
  },
} as const satisfies OptionTable;
