import type { Context } from 'hono';
import type { z } from 'zod';
import { printable } from '../../text/printable.ts';
import type { AdminEnv } from '../environment.ts';
import { failed } from '../problem-document.ts';

/** What a route's contract made of a part of the request. */
interface Validated {
  readonly target: string;
  readonly success: boolean;
  readonly error?: z.ZodError;
}

/** A request that is not as its route's contract says is answered with a problem document that says what is wrong. */
export function refuseInvalid({ target, success, error }: Validated, context: Context<AdminEnv>): Response | undefined {
  if (success) return undefined;
  const issue = error?.issues[0];
  const where = issue && issue.path.length > 0 ? `${issue.path.join('.')}: ` : '';
  return failed(context, {
    status: 400,
    code: 'malformed',
    title: target === 'json' ? 'The body is malformed' : 'The query is malformed',
    detail: printable(`${where}${issue?.message ?? 'it is not as the OpenAPI document says'}`, 300),
  });
}
