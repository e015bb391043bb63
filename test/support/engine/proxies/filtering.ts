import { mkdtemp, rm } from 'node:fs/promises';
import { once } from 'node:events';
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * A socket proxy before an engine, as people put there to give Sealane fewer rights: it allows some calls and refuses all
 * others. It can also let the engine say other things of itself.
 */
export interface FilteringProxy extends AsyncDisposable {
  /** The address for Sealane to connect to. */
  readonly url: string;
  /** The calls that were allowed and refused, each once: `GET /containers/{id}/json`. */
  readonly allowed: ReadonlySet<string>;
  readonly refused: ReadonlySet<string>;
}

export interface FilteringProxyOptions {
  /** The calls that are allowed. `{id}` stands for one segment of the path. */
  readonly allow: readonly string[];
  /** What is said instead of single fields of an answer, by call. */
  readonly say?: Readonly<Record<string, object>>;
}

export async function startFilteringProxy(
  engineUrl: string,
  { allow, say = {} }: FilteringProxyOptions,
): Promise<FilteringProxy> {
  const folder = await mkdtemp(join(tmpdir(), 'sealane-proxy-'));
  const socketPath = engineUrl.replace(/^unix:\/\//, '');
  const rules = allow.map((call) => ({ call, pattern: new RegExp(`^${call.replace('{id}', '[^/]+')}$`) }));
  const allowed = new Set<string>();
  const refused = new Set<string>();

  const pass = (call: string, incoming: IncomingMessage, response: ServerResponse): void => {
    const { url: path, method, headers } = incoming;
    const asked = request({ socketPath, path, method, headers }, (answer) => {
      if (say[call] === undefined) {
        response.writeHead(answer.statusCode ?? 502, answer.headers).flushHeaders();
        answer.pipe(response);
        return;
      }
      void tellOtherwise(answer, say[call], response);
    });
    asked.on('error', () => response.destroy());
    response.on('close', () => asked.destroy());
    incoming.pipe(asked);
  };

  const server = createServer((incoming, response) => {
    const path = (incoming.url ?? '').replace(/\?.*$/s, '').replace(/^\/v[\d.]+(?=\/)/, '');
    const asked = `${incoming.method} ${path}`;
    const rule = rules.find(({ pattern }) => pattern.test(asked));
    if (rule) {
      allowed.add(rule.call);
      pass(rule.call, incoming, response);
      return;
    }
    refused.add(asked.replace(/^(GET \/networks)\/[^/]+$/, '$1/{id}'));
    response.writeHead(403, { 'content-type': 'text/html' }).end('<html><body><h1>403 Forbidden</h1></body></html>');
  });
  const path = join(folder, 'docker.sock');
  server.listen(path);
  await once(server, 'listening');
  return {
    url: `unix://${path}`,
    allowed,
    refused,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function tellOtherwise(answer: IncomingMessage, said: object, response: ServerResponse): Promise<void> {
  const json = JSON.parse(await text(answer)) as object;
  response.writeHead(answer.statusCode ?? 502, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ ...json, ...said }));
}
