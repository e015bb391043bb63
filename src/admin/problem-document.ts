import type { Context, TypedResponse } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import type { ApiError } from './schema.ts';

/**
 * Errors as problem documents (RFC 9457). `type` is a stable name; there is no page behind it.
 */
export interface Failure<Status extends ContentfulStatusCode = ContentfulStatusCode> {
  readonly status: Status;
  /** The kind of failure, e.g. `not-found`. */
  readonly code: string;
  readonly title: string;
  /** The failure and what to do about it. Printable. */
  readonly detail: string;
  readonly suggestions?: readonly string[];
}

export function failed<Status extends ContentfulStatusCode>(
  context: Context,
  { status, code, title, detail, suggestions }: Failure<Status>,
): Response & TypedResponse<ApiError, Status, 'json'> {
  const body: ApiError = {
    type: `urn:sealane:${code}`,
    title,
    status,
    detail,
    ...(suggestions && { suggestions: [...suggestions] }),
  };
  return context.json(body, status, { 'content-type': 'application/problem+json' });
}
