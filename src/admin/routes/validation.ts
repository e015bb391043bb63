import type { Context } from 'hono';
import type { z } from 'zod';
import { printable } from '../../text/printable.ts';
import type { AdminEnv } from '../environment.ts';
import { failed } from '../problem-document.ts';

/** The result of checking a part of a request against its route's contract. */
interface Validated {
  readonly target: string;
  readonly success: boolean;
  readonly error?: z.ZodError;
}

/** Answers a request that breaks its route's contract with a problem document that names the fault. */
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
