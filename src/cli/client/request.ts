import { request, type Agent, type IncomingMessage } from 'node:http';
import { errorSchema } from '../../admin/schema.ts';
import { printable, quoted } from '../../text/printable.ts';
import { AdminError, nonsense, unreachable } from './admin-error.ts';
import type { AdminEndpoint } from './endpoint.ts';

/**
 * One request to the admin API, over TCP or over a unix socket, which `fetch` does not support.
 */
export interface AskOptions extends Sent {
  readonly agent: Agent;
  readonly signal: AbortSignal;
  readonly headers?: Readonly<Record<string, string>>;
  /** A status other than 200 whose answer is returned instead of thrown. */
  readonly alsoStatus?: number;
}

/** What a request sends beside its path. */
export interface Sent {
  /** `GET` unless given. */
  readonly method?: 'POST' | 'PUT' | 'DELETE';
  /** Sent as JSON. */
  readonly body?: object | undefined;
}

/**
 * A name as a part of a path. URLs leave `.` and `..` out (RFC 3986, section 5.2.4), and nothing is called so.
 *
 * @throws AdminError
 */
export function segmentOf(name: string): string {
  if (/^\.{0,2}$/.test(name)) throw new AdminError('refused', `nothing is called ${quoted(name)}`, { status: 404 });
  return encodeURIComponent(name);
}

/** The response, with its body still to be read. @throws AdminError also when the response is an error */
export async function ask(endpoint: AdminEndpoint, path: string, options: AskOptions): Promise<IncomingMessage> {
  const response = await send(endpoint, path, options).catch((error: unknown) => {
    throw unreachable(endpoint, error);
  });
  response.setEncoding('utf8');
  if (response.statusCode === 200 || response.statusCode === options.alsoStatus) return response;
  throw refusal(endpoint, response.statusCode ?? 0, await bodyOf(endpoint, response));
}

export async function askJson(endpoint: AdminEndpoint, path: string, options: AskOptions): Promise<unknown> {
  const text = await bodyOf(endpoint, await ask(endpoint, path, options));
  try {
    return JSON.parse(text);
  } catch {
    throw nonsense(endpoint, 'its answer is not JSON');
  }
}

async function send(endpoint: AdminEndpoint, path: string, options: AskOptions): Promise<IncomingMessage> {
  try {
    return await sendOnce(endpoint, path, options);
  } catch (error) {
    if (!(error instanceof StaleConnection)) throw error;
    // Each further attempt uses up one idle connection of the agent.
    return send(endpoint, path, options);
  }
}

/**
 * The server had closed an idle connection before it read the request, as after a sleep of this machine. A request with an
 * effect of its own each time may not be sent again (RFC 9112, section 9.3.1).
 */
class StaleConnection extends Error {}

function sendOnce(endpoint: AdminEndpoint, path: string, options: AskOptions): Promise<IncomingMessage> {
  const { agent, signal, headers, method = 'GET', body } = options;
  const content = body === undefined ? {} : { 'content-type': 'application/json' };
  return new Promise((resolve, reject) => {
    const authorization = endpoint.token === undefined ? {} : { authorization: `Bearer ${endpoint.token}` };
    const { to } = endpoint;
    // A unix socket has no host name; Sealane accepts the Host header `localhost`.
    const host = 'socketPath' in to ? { host: 'localhost' } : {};
    // Without it Node takes the server name for TLS from the host, and its first look at a host takes 10 ms.
    const plain = { servername: '' };
    const sent = request({
      ...{ ...to, ...plain, path, method, agent, signal },
      headers: { ...host, ...authorization, ...content, ...headers },
    });
    const fail = (error: NodeJS.ErrnoException): void => {
      const isStale = sent.reusedSocket && error.code === 'ECONNRESET' && method !== 'POST';
      reject(isStale ? new StaleConnection(error.message, { cause: error }) : error);
    };
    sent
      .on('response', resolve)
      .on('error', fail)
      .end(body && JSON.stringify(body));
  });
}

/** A hundred times what ten thousand services take would still be less. */
const mostLength = 2 ** 28;

async function bodyOf(endpoint: AdminEndpoint, response: IncomingMessage): Promise<string> {
  let text = '';
  try {
    for await (const chunk of response) {
      text += String(chunk);
      if (text.length > mostLength) throw nonsense(endpoint, 'its answer is too long');
    }
  } catch (error) {
    throw unreachable(endpoint, error);
  }
  return text;
}

function refusal(endpoint: AdminEndpoint, status: number, body: string): AdminError {
  if (status === 401) {
    const what = endpoint.token === undefined ? 'requires a token' : 'rejects this token';
    return new AdminError(
      'refused',
      `${endpoint.shown} ${what}: set SEALANE_ADMIN_TOKEN or --admin-token to the token of the running Sealane`,
      { status },
    );
  }
  const problem = errorSchema.safeParse(parsed(body));
  if (!problem.success) return nonsense(endpoint, `it answers ${status}`);
  return new AdminError('refused', printable(problem.data.detail, 400), { status });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
