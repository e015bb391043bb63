import { z } from 'zod';
import { didYouMean } from '../../text/did-you-mean.ts';
import { refuse } from '../../text/refusal.ts';
import { positiveDuration, wholeNumber } from './kinds.ts';
import type { OptionTable } from './option.ts';

/**
 * The options that define how the health of an upstream is checked. The defaults of the schedule are those of HAProxy
 * where it has them (`inter`, `rise`, `fall`).
 */

/**
 * The path follows `http:`. It becomes part of a request line, so that only printable characters are accepted. A URL
 * is refused: its host would become part of the path.
 */
const healthSchema = z.string().transform((text, context) => {
  if (text === 'docker' || text === 'tcp' || text === 'none') return { kind: text } as const;
  const path = /^http:(\/(?!\/)[!-~]*)$/.exec(text)?.[1];
  if (path !== undefined) return { kind: 'http', path } as const;
  return refuse(context, 'must be docker, tcp, none or http:/path', meantHealth(text));
});

/** The check that was meant by a path or a URL, or by a mistyped word. */
function meantHealth(text: string): string | undefined {
  const [, url, path = '/'] = /^(https?:(?:\/\/[^/]*)?)?(\/[!-~]*)?$/i.exec(text.trim()) ?? [];
  const isPath = url !== undefined || text.startsWith('/');
  return isPath ? `http:${path.replace(/^\/+/, '/')}` : didYouMean(text, ['docker', 'tcp', 'none', 'http:/']);
}

export const healthOptions = {
  health: {
    schema: healthSchema,
    value: '`docker`, `tcp`, `http:/path`, `none`',
    fallback: '`docker` with a HEALTHCHECK, else ready once its port accepts',
    onMistake: 'fallback',
    description: 'How health is checked. `http:` passes with any status from 200 to 399.',
  },
  'health.interval': {
    ...positiveDuration,
    field: 'intervalMs',
    default: 2_000,
    onMistake: 'fallback',
    description: 'The time between checks (`tcp`, `http`).',
  },
  'health.timeout': {
    ...positiveDuration,
    field: 'timeoutMs',
    default: 2_000,
    onMistake: 'fallback',
    description: 'The deadline of one check.',
  },
  'health.rise': {
    ...wholeNumber(1, 100),
    field: 'rise',
    default: 2,
    onMistake: 'fallback',
    description: 'Passed checks in a row until an unhealthy upstream is ready.',
  },
  'health.fall': {
    ...wholeNumber(1, 100),
    field: 'fall',
    default: 3,
    onMistake: 'fallback',
    description: 'Failed checks in a row until a ready upstream is unhealthy.',
  },
} as const satisfies OptionTable;
