import type { IncomingMessage } from 'node:http';
import type { Parsed } from '../parse.ts';
import { errorBodySchema } from '../schema.ts';

/**
 * Reads the texts of answers. Pure; never throws.
 */
export function parseJson(text: string): Parsed<unknown> {
  try {
    return { ok: true, value: JSON.parse(text) as unknown };
  } catch {
    return { ok: false, why: 'not JSON' };
  }
}

/** The engine's own message in an error's body; undefined where another program answered. */
export function engineMessage(text: string): string | undefined {
  const json = parseJson(text);
  const parsed = errorBodySchema.safeParse(json.ok ? json.value : undefined);
  return parsed.success ? parsed.data.message : undefined;
}

export function isHtml(response: IncomingMessage): boolean {
  return /html/i.test(response.headers['content-type'] ?? '');
}
