import { z } from 'zod';

/**
 * Parses and prints durations such as `250ms`, `10s`, `15m` and `1h`. Their values are milliseconds.
 */
const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/**
 * The longest delay that a Node timer accepts (2^31 - 1 ms, about 24 days); a timer with a longer one fires at once.
 */
const longestMs = 2 ** 31 - 1;

/** Milliseconds, rounded; undefined when `text` is not a duration or exceeds 24 days. */
export function parseDuration(text: string): number | undefined {
  if (text === '0') return 0;
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text);
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
export const durationSchema = z.string().transform((text, context) => {
  const ms = parseDuration(text);
  if (ms !== undefined) return ms;
  context.addIssue({ code: 'custom', message: 'must be a duration such as 250ms, 10s or 15m' });
  return z.NEVER;
});
