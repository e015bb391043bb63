import type { z } from 'zod';
import { errorSchema } from '../schema.ts';

/**
 * The common parts of all routes' contracts: the shape of an answer and of a failure. The OpenAPI document is made from
 * the contracts (see openapi.ts), and a handler that answers otherwise does not compile.
 */
const failure = {
  description: 'A problem document with the next thing to do.',
  content: { 'application/problem+json': { schema: errorSchema } },
};

type Tag = 'health' | 'read' | 'act';

/** A route that answers JSON, or one of these failures; unauthorized callers get 401 or 403. */
export function answers<Answer extends z.ZodType, Failure extends number = never>(
  tag: Tag,
  summary: string,
  schema: Answer,
  ...failures: readonly Failure[]
) {
  const refused = failuresOf<401 | 403 | Failure>(401, 403, ...failures);
  return { tags: [tag], summary, responses: { 200: jsonOf(summary, schema), ...refused } };
}

export function jsonOf<Answer extends z.ZodType>(description: string, schema: Answer) {
  return { description, content: { 'application/json': { schema } } };
}

export function failuresOf<Failure extends number>(...statuses: readonly Failure[]): Record<Failure, typeof failure> {
  return Object.fromEntries(statuses.map((status) => [status, failure])) as Record<Failure, typeof failure>;
}
