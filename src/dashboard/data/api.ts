import type { ApiHistory } from '../../admin/event-schema.ts';
import type {
  ApiEndedSessions,
  ApiError,
  ApiExplanation,
  ApiProblem,
  ApiService,
  ApiServices,
  ApiSessions,
} from '../../admin/schema.ts';
import type { ApiStatus } from '../../admin/status-schema.ts';

/**
 * Calls to the admin API. The page and the API come from one build of one server, so answers are not validated again;
 * a page that is older than its server reloads itself (see feed.ts).
 */
export class ApiFailure extends Error {
  override readonly name = 'ApiFailure';
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export const api = {
  services: (): Promise<ApiServices> => call('/api/services'),
  service: (name: string): Promise<ApiService> => call(`/api/services/${encodeURIComponent(name)}`),
  history: (): Promise<ApiHistory> => call('/api/history'),
  status: (): Promise<ApiStatus> => call('/api/status'),
  problems: (): Promise<{ readonly problems: readonly ApiProblem[] }> => call('/api/problems'),
  why: (subject: string): Promise<ApiExplanation> => call(`/api/why/${encodeURIComponent(subject)}`),
  sessions: (query: URLSearchParams): Promise<ApiSessions> => call(`/api/sessions?${query}`),
  recentSessions: (query: URLSearchParams): Promise<ApiEndedSessions> => call(`/api/sessions/recent?${query}`),
  rest: (service: string, what: 'wake' | 'sleep'): Promise<{ readonly message: string }> =>
    call(`/api/services/${encodeURIComponent(service)}/${what}`, { method: 'POST' }),
  act: (upstreamKey: string, action: 'drain' | 'undrain' | 'close-sessions'): Promise<{ readonly message: string }> =>
    call(`/api/upstreams/${encodeURIComponent(upstreamKey)}/${action}`, { method: 'POST' }),
  giveBack: (service: string, id: string): Promise<unknown> =>
    call(`/api/services/${encodeURIComponent(service)}/stand-ins/${encodeURIComponent(id)}`, { method: 'DELETE' }),
};

/** Longer than any answer should take. After it, the page reports the failure and tries again. */
const deadlineMs = 10_000;

async function call<T>(path: string, init: RequestInit = {}): Promise<T> {
  let response: Response;
  try {
    response = await fetch(path, { ...init, signal: AbortSignal.timeout(deadlineMs) });
  } catch {
    throw new ApiFailure(0, 'Sealane does not answer.');
  }
  if (!response.ok) throw new ApiFailure(response.status, await complaintOf(response));
  return (await response.json()) as T;
}

async function complaintOf(response: Response): Promise<string> {
  try {
    const { title, detail } = (await response.json()) as ApiError;
    return detail === '' ? title : detail;
  } catch {
    return `Sealane answered ${response.status}.`;
  }
}
