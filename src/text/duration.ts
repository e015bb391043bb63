import { z } from 'zod';
import { refuse } from './refusal.ts';

/**
 * Parses and prints durations such as `250ms`, `10s`, `15m` and `1h`. Their values are milliseconds.
 */
const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/**
 * The longest delay that a Node timer accepts (2^31 - 1 ms, about 24 days); a timer with a longer one fires at once.
 */
const longestMs = 2 ** 31 - 1;

const duration = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/;

/** Milliseconds, rounded; undefined when `text` is not a duration or exceeds 24 days. */
export function parseDuration(text: string): number | undefined {
  if (text === '0') return 0;
  const match = duration.exec(text);
  const unit = match?.[2] && unitMs[match[2]];
  if (!match || !unit) return undefined;
  const ms = Math.round(Number(match[1]) * unit);
  return ms <= longestMs ? ms : undefined;
}

/** Prints 1500 as `1.5s`: the largest unit in which the value is at least 1, with at most one decimal. */
export function formatDuration(ms: number): string {
  if (Math.round(ms) < 1000) return `${Math.round(ms)}ms`;
  if (ms < 60_000) return `${trim(ms / 1000)}s`;
  if (ms < 3_600_000) return `${trim(ms / 60_000)}m`;
  return `${trim(ms / 3_600_000)}h`;
}

function trim(value: number): string {
  return value.toFixed(1).replace(/\.0$/, '');
}

/** Turns the text of a duration into milliseconds. */
export const durationSchema = z
  .string()
  .transform((text, context) => {
    return parseDuration(text) ?? refuse(context, 'must be a duration such as 250ms, 10s or 15m', meantDuration(text));
  })
  .meta({ pattern: `^0$|${duration.source}` });

/** The words for units that other programs accept, in milliseconds; a number alone is seconds, as in Traefik. */
const otherUnits: readonly (readonly [RegExp, number])[] = [
  [/^(?:ms|msecs?|millis|milliseconds?)$/, 1],
  [/^(?:|s|secs?|seconds?)$/, 1000],
  [/^(?:m|mins?|minutes?)$/, 60_000],
  [/^(?:h|hrs?|hours?)$/, 3_600_000],
  [/^(?:d|days?)$/, 86_400_000],
];

/** The duration that was meant by `10`, `10 seconds`, `1m30s` or `2 days`; undefined for other texts. */
function meantDuration(text: string): string | undefined {
  const plain = text.toLowerCase().trim();
  const part = /(\d+(?:\.\d+)?)\s*([a-z]*)/g;
  if (plain === '' || plain.length > 40 || plain.replaceAll(part, '').trim() !== '') return undefined;
  let total = 0;
  for (const [, digits, word = ''] of plain.matchAll(part)) {
    const unit = otherUnits.find(([words]) => words.test(word))?.[1];
    if (unit === undefined) return undefined;
    total += Number(digits) * unit;
  }
  const meant = exactDuration(Math.round(total));
  return parseDuration(meant) === undefined ? undefined : meant;
}

/** Prints 1500 as `1.5s` and 90 000 as `90s`: without loss, which `formatDuration` does not promise. */
function exactDuration(ms: number): string {
  if (ms % 1000 !== 0) return ms > 1000 && ms % 100 === 0 ? `${ms / 1000}s` : `${ms}ms`;
  const [unit, size] = Object.entries(unitMs).findLast(([, one]) => ms % one === 0) ?? ['ms', 1];
  return ms === 0 ? '0' : `${ms / size}${unit}`;
}
