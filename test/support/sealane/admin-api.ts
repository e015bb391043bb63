import { explanationSchema, serviceSchema, type ApiExplanation, type ApiService } from '../../../src/admin/schema.ts';
import { messageOf } from '../../../src/text/message-of.ts';
import { eventually } from '../engine/replica.ts';

/**
 * A client for the admin API of a running Sealane.
 */
export interface AdminApi {
  readonly url: string;
  /** Resolves when the admin API is open. */
  answers(): Promise<void>;
  why(subject: string): Promise<ApiExplanation>;
  /** Repeats the query until its cause is `cause`. */
  whyUntil(subject: string, cause: string): Promise<ApiExplanation>;
  service(name: string): Promise<ApiService>;
  /** What Sealane says of itself, and all its problems. */
  overview(): Promise<{ readonly status: unknown; readonly problems: unknown }>;
  act(upstream: string, action: 'drain' | 'undrain' | 'close-sessions'): Promise<void>;
}

export interface AdminAddress {
  readonly host?: string;
  readonly port: number;
  readonly token?: string;
}

export function adminApi({ host = '127.0.0.1', port, token }: AdminAddress): AdminApi {
  const url = `http://${host}:${port}`;
  const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const get = async (path: string): Promise<unknown> => (await fetch(`${url}${path}`, { headers })).json();
  const why = async (subject: string): Promise<ApiExplanation> =>
    explanationSchema.parse(await get(`/api/why/${encodeURIComponent(subject)}`));
  return {
    url,
    answers: async () => {
      await eventually(
        () => get('/api/status').catch(reasonOf),
        (status) => typeof status !== 'string',
      );
    },
    why,
    whyUntil: (subject, cause) =>
      // The admin API may not be open yet.
      eventually(
        () => why(subject).catch(() => undefined),
        (explanation) => explanation?.cause === cause,
      ) as Promise<ApiExplanation>,
    service: async (name) => serviceSchema.parse(await get(`/api/services/${encodeURIComponent(name)}`)),
    overview: async () => ({ status: await get('/api/status'), problems: await get('/api/problems') }),
    async act(upstream, action) {
      const path = `/api/upstreams/${encodeURIComponent(upstream)}/${action}`;
      const response = await fetch(`${url}${path}`, { method: 'POST', headers });
      if (!response.ok) throw new Error(await response.text());
    },
  };
}

/** fetch() rejects with "fetch failed", and has the reason in the cause. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause === undefined ? messageOf(error) : `${messageOf(error)}: ${messageOf(cause)}`;
}
