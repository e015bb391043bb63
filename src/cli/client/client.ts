import { Agent, type IncomingMessage } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { z } from 'zod';
import {
  actionSchema,
  endedSessionsSchema,
  explanationSchema,
  problemsSchema,
  restSchema,
  serviceSchema,
  sessionsSchema,
  servicesSchema,
  type ApiAction,
  type ApiEndedSessions,
  type ApiExplanation,
  type ApiProblem,
  type ApiRest,
  type ApiService,
  type ApiServices,
  type ApiSessions,
} from '../../admin/schema.ts';
import { standInSchema, type ApiAskedSwap, type ApiStandIn } from '../../admin/stand-ins/schema.ts';
import { quoted } from '../../text/printable.ts';
import { AdminError, nonsense } from './admin-error.ts';
import type { AdminEndpoint } from './endpoint.ts';
import { readFeed, type FeedEvent } from './feed.ts';
import { ask, askJson, segmentOf, type AskOptions, type Sent } from './request.ts';

/**
 * The client of a running Sealane: it uses only the public admin API.
 */
export interface AdminClient {
  readonly endpoint: AdminEndpoint;
  /** @throws AdminError */
  services(): Promise<ApiServices>;
  /** Changes an upstream, and resolves with what was done. @throws AdminError */
  act(method: 'POST' | 'PUT', path: string, body: object | undefined): Promise<ApiAction>;
  /** Takes a service's place, or renews the lease. @throws AdminError */
  swap(service: string, id: string, asked: ApiAskedSwap, withinMs?: number): Promise<ApiStandIn>;
  /** Ends a stand-in, and resolves with what it was. @throws AdminError */
  giveBack(service: string, id: string, withinMs?: number): Promise<ApiStandIn>;
  /** Wakes a service, or puts it to sleep, and resolves with what was done. @throws AdminError */
  rest(service: string, what: 'wake' | 'sleep'): Promise<ApiRest>;
  /** @throws AdminError also where there is no such service, with the name that was probably meant */
  requireService(name: string): Promise<ApiService>;
  /** The service of this name, or undefined. @throws AdminError */
  service(name: string): Promise<ApiService | undefined>;
  /** @throws AdminError */
  problems(): Promise<readonly ApiProblem[]>;
  /** Why `subject`, a service, a container or a port, can or can't be reached. @throws AdminError */
  why(subject: string): Promise<ApiExplanation>;
  /** The running sessions. @throws AdminError */
  sessions(query: URLSearchParams): Promise<ApiSessions>;
  /** The sessions that ended last. @throws AdminError */
  recentSessions(query: URLSearchParams): Promise<ApiEndedSessions>;
  /** The events of one connection, until it ends. @throws AdminError */
  feed(options: FeedOptions): AsyncGenerator<FeedEvent>;
  /**
   * Events until `signal` aborts: a lost connection is opened again. @throws AdminError where Sealane has answered nothing
   * yet, to this call or to one before
   */
  follow(options: FeedOptions): AsyncGenerator<FeedEvent | Lost>;
}

interface FeedOptions {
  /** Kept events with a higher id come first. 0: all kept events; undefined: only new ones. */
  readonly since: number | undefined;
  readonly stats: boolean;
  readonly signal: AbortSignal;
}

/** The connection was lost and will be opened again. */
export interface Lost {
  readonly kind: 'lost';
  readonly reason: string;
}

/** Opens an event stream, whose head must come in time. @throws AdminError */
async function opened(endpoint: AdminEndpoint, path: string, options: AskOptions): Promise<IncomingMessage> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(new DOMException('it does not answer', 'TimeoutError')), patienceMs);
  try {
    const signal = AbortSignal.any([options.signal, late.signal]);
    const response = await ask(endpoint, path, { ...options, signal });
    const type = response.headers['content-type'] ?? 'nothing';
    if (type.startsWith('text/event-stream')) return response;
    response.destroy();
    throw nonsense(endpoint, `it sends ${quoted(type)} for its events`);
  } finally {
    clearTimeout(timer);
  }
}

/** The timeout of one request, in milliseconds. Sealane answers from memory, so a longer wait would be in vain. */
const patienceMs = 10_000;
const retryMs = 1_000;

export function createClient(endpoint: AdminEndpoint): AdminClient {
  const agent = new Agent({ keepAlive: true });
  let hasAnswered = false;

  const read = async <T extends z.ZodType>(
    path: string,
    schema: T,
    sent: Sent = {},
    withinMs = patienceMs,
  ): Promise<z.output<T>> => {
    const answer = await askJson(endpoint, path, { ...sent, agent, signal: AbortSignal.timeout(withinMs) });
    const parsed = schema.safeParse(answer);
    if (parsed.success) {
      hasAnswered = true;
      return parsed.data;
    }
    const [issue] = parsed.error.issues;
    throw nonsense(endpoint, [issue?.path.join('.'), issue?.message].filter(Boolean).join(': '));
  };

  const requireService = (name: string): Promise<ApiService> => read(`/api/services/${segmentOf(name)}`, serviceSchema);

  const feed = async function* ({ since, stats, signal }: FeedOptions): AsyncGenerator<FeedEvent> {
    const query = new URLSearchParams({
      stats: String(stats),
      ...(since === undefined ? {} : { since: String(since) }),
    });
    const headers = { accept: 'text/event-stream' };
    try {
      const response = await opened(endpoint, `/api/events?${query.toString()}`, { agent, signal, headers });
      hasAnswered = true;
      yield { kind: 'open' };
      yield* readFeed(endpoint, response);
    } catch (error) {
      // An aborted signal is the orderly end of the feed, not a failure.
      if (!signal.aborted) throw error;
    }
  };

  const follow = async function* (options: FeedOptions): AsyncGenerator<FeedEvent | Lost> {
    const { signal } = options;
    let { since } = options;
    let reason = 'the connection was closed';
    while (!signal.aborted) {
      try {
        for await (const event of feed({ ...options, since })) {
          if (event.kind === 'timeline') since = event.event.id;
          yield event;
        }
      } catch (error) {
        if (signal.aborted) return;
        if (!hasAnswered || !(error instanceof AdminError)) throw error;
        reason = error.message;
      }
      if (signal.aborted) return;
      yield { kind: 'lost', reason };
      await delay(retryMs, undefined, { signal }).catch(() => undefined);
    }
  };

  return {
    endpoint,
    act: (method, path, body) => read(path, actionSchema, { method, body }),
    swap: (service, id, body, withinMs) =>
      read(standInPath(service, id), standInSchema, { method: 'PUT', body }, withinMs),
    giveBack: (service, id, withinMs) => read(standInPath(service, id), standInSchema, { method: 'DELETE' }, withinMs),
    rest: (name, what) => read(`/api/services/${segmentOf(name)}/${what}`, restSchema, { method: 'POST' }),
    services: () => read('/api/services', servicesSchema),
    requireService,
    service: (name) =>
      requireService(name).catch((error: unknown) => {
        if (error instanceof AdminError && error.status === 404) return undefined;
        throw error;
      }),
    problems: async () => (await read('/api/problems', problemsSchema)).problems,
    why: (subject) => read(`/api/why/${segmentOf(subject)}`, explanationSchema),
    sessions: (query) => read(`/api/sessions?${query.toString()}`, sessionsSchema),
    recentSessions: (query) => read(`/api/sessions/recent?${query.toString()}`, endedSessionsSchema),
    feed,
    follow,
  };
}

function standInPath(service: string, id: string): string {
  return `/api/services/${segmentOf(service)}/stand-ins/${segmentOf(id)}`;
}
