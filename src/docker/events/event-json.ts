import type { Dialect } from '../dialect.ts';
import type { EngineEvent } from '../facts.ts';
import type { Parsed } from '../parse.ts';
import { eventSchema } from '../schema.ts';

/**
 * Parses one line of the event stream into one event. Pure; never throws.
 */

/** `value: undefined` stands for a well-formed event that concerns no container. */
export function parseEventLine(line: string, dialect: Dialect): Parsed<EngineEvent | undefined> {
  let json: unknown;
  try {
    // Node passes a third argument (JSON source text access) that TypeScript's library does not declare yet.
    json = JSON.parse(line, keepNanoseconds as (key: string, value: unknown) => unknown);
  } catch {
    return { ok: false, why: 'not JSON' };
  }
  const parsed = eventSchema.safeParse(json);
  if (!parsed.success) return { ok: false, why: parsed.error.issues[0]?.path.join('.') ?? 'shape' };
  const { Actor, time, timeNano } = parsed.data;
  const heard = dialect.translate(parsed.data);
  if (heard === undefined) return { ok: true, value: undefined };
  const timeNs = timeNano ?? BigInt(Math.trunc(time ?? 0)) * 1_000_000_000n;
  return { ok: true, value: { ...heard, attributes: Actor.Attributes, timeNs } };
}

/**
 * Keeps `timeNano` exact: it is greater than 2^53, so the number that JSON.parse makes of its source text is rounded. A
 * label of that name is a string and is returned unchanged.
 */
function keepNanoseconds(key: string, value: unknown, context: { readonly source?: string } | undefined): unknown {
  if (key !== 'timeNano' || typeof value !== 'number') return value;
  return /^-?\d+$/.test(context?.source ?? '') ? BigInt(context?.source ?? 0) : BigInt(Math.trunc(value));
}
