import type { Agent, ClientRequest, IncomingMessage } from 'node:http';

/**
 * Workaround: docker-modem follows redirects with a request of its own that has no error handler, so an address that
 * redirects (a web server's http → https) would end the process. Without the location header it sees a plain 3xx
 * answer.
 */
export function withoutRedirects(agent: Agent): Agent {
  const inner = agent as Agent & { addRequest(request: ClientRequest, ...rest: unknown[]): void };
  const addRequest = inner.addRequest.bind(inner);
  inner.addRequest = (request, ...rest) => {
    request.prependOnceListener('response', (response: IncomingMessage) => {
      delete response.headers.location;
    });
    addRequest(request, ...rest);
  };
  return agent;
}
