import type { EngineEvent } from '../facts.ts';
import type { Parsed } from '../parse.ts';
import { eventSchema } from '../schema.ts';

/**
 * One line of the event stream → one event. Pure; never throws.
 */

/** `value: undefined` is a well-formed event of a kind we do not follow. */
export function parseEventLine(line: string): Parsed<EngineEvent | undefined> {
  let json: unknown;
  try {
    // Node passes a third argument (the JSON source text access proposal) that TypeScript's library does not know yet.
    json = JSON.parse(line, keepNanoseconds as (key: string, value: unknown) => unknown);
  } catch {
    return { ok: false, why: 'not JSON' };
  }
  const parsed = eventSchema.safeParse(json);
  if (!parsed.success) return { ok: false, why: parsed.error.issues[0]?.path.join('.') ?? 'shape' };
  const { Type, Action, Actor, time, timeNano } = parsed.data;
  if (Type !== 'container' && Type !== 'network') return { ok: true, value: undefined };
  const containerId = Type === 'container' ? Actor.ID : (Actor.Attributes['container'] ?? '');
  // A network's own create and destroy concern no container.
  if (containerId === '') return { ok: true, value: undefined };
  const timeNs = timeNano ?? BigInt(Math.trunc(time ?? 0)) * 1_000_000_000n;
  return { ok: true, value: { type: Type, action: Action, containerId, attributes: Actor.Attributes, timeNs } };
}

/**
 * `timeNano` is beyond 2^53: its source text is exact, the number that JSON.parse makes of it is not. Labels of that
 * name are strings and stay what they are.
 */
function keepNanoseconds(key: string, value: unknown, context: { readonly source?: string } | undefined): unknown {
  if (key !== 'timeNano' || typeof value !== 'number') return value;
  return /^-?\d+$/.test(context?.source ?? '') ? BigInt(context?.source ?? 0) : BigInt(Math.trunc(value));
}
