import { validator } from 'hono/validator';
import type { z } from 'zod';
import { printable } from '../../text/printable.ts';
import { failed } from '../problem-document.ts';

/** The query or JSON body as the schema has it, or a problem document that says what is wrong with it. */
// The target's type is what types `req.valid`.
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters
export function checked<Target extends 'query' | 'json', Schema extends z.ZodType>(target: Target, schema: Schema) {
  return validator(target, (value, context) => {
    const parsed = schema.safeParse(value);
    if (parsed.success) return parsed.data;
    const [issue] = parsed.error.issues;
    const where = issue && issue.path.length > 0 ? `${issue.path.join('.')}: ` : '';
    return failed(context, {
      status: 400,
      code: 'malformed',
      title: target === 'json' ? 'The body is malformed' : 'The query is malformed',
      detail: printable(`${where}${issue?.message ?? 'it is not as the OpenAPI document says'}`, 300),
    });
  });
}
