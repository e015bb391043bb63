import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { text as readText } from 'node:stream/consumers';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readFilters, type FakeSwarm } from './fake-swarm.ts';
import { fakeId, inspectJson, isLive, listRowJson, type FakeContainer, type FakeContainerSpec } from './containers.ts';

/**
 * A fake of the Docker engine's API on a unix socket: ping, list, inspect and the event stream with replay. A test can
 * make it hang, delay, refuse, answer nonsense or in another order, cut its streams, and restart.
 */
export type Answer =
  | { readonly kind: 'hang' }
  | {
      readonly kind: 'text';
      readonly status: number;
      readonly type: string;
      readonly body: string;
      readonly headers?: Record<string, string>;
    }
  /** Sends half of the announced body, then cuts the connection. */
  | { readonly kind: 'cut' }
  /** Computes the answer at the request and sends it when the promise resolves. */
  | { readonly kind: 'held'; readonly until: Promise<void> };

export const html: Answer = { kind: 'text', status: 200, type: 'text/html', body: '<html><h1>It works!</h1></html>' };

export interface FakeEngine extends AsyncDisposable {
  readonly url: string;
  /** The requests in the order of arrival, without version and query, e.g. `GET /containers/json`. */
  readonly requests: readonly string[];
  /** The query of each request. */
  readonly queries: readonly URLSearchParams[];
  /** The bodies of the requests that were answered, empty where there was none. */
  readonly bodies: readonly string[];
  /** The version prefix of each request, e.g. `v1.41`; empty where it had none. */
  readonly versions: readonly string[];
  apiVersion: string;
  /** The headers of pings beside the version: those by which an engine is known. */
  pingHeaders: Record<string, string>;
  /** How far the clock that the `Date` headers show is ahead of this machine's. */
  skewMs: number;
  /** How long the engine takes for each answer. */
  delayMs: number;
  readonly containers: ReadonlyMap<string, FakeContainer>;
  /** Creates a container and starts it. */
  run(spec?: FakeContainerSpec): string;
  start(id: string): void;
  die(id: string): void;
  pause(id: string): void;
  unpause(id: string): void;
  destroy(id: string): void;
  /** Changes a container without an event, as when the engine loses an event. */
  alter(id: string, change: Partial<FakeContainer>): void;
  emit(action: string, id: string, attributes?: Record<string, string>, type?: string): void;
  /** Writes raw bytes to every open event stream. */
  write(bytes: Uint8Array): void;
  /** Sets the answer to later requests for this path. Undefined: the regular answer. */
  answer(path: string, answer: Answer | undefined): void;
  /** Resolves when `times` requests for the path have arrived in total. */
  requested(path: string, times: number): Promise<void>;
  readonly openStreams: number;
  cutStreams(): void;
  /**
   * Stops the server; `up` starts it again under the same path. The history of events is lost, as with a real engine.
   */
  down(): Promise<void>;
  up(): Promise<void>;
}

export interface FakeEngineOptions {
  /** The number of the first container's id and address, since two engines have none in common; 0 unless given. */
  readonly firstId?: number;
  /** The Swarm that the engine is a manager of. */
  readonly swarm?: Pick<FakeSwarm, 'answer'>;
}

export async function startFakeEngine(options: FakeEngineOptions = {}): Promise<FakeEngine> {
  const folder = await mkdtemp(join(tmpdir(), 'sealane-engine-'));
  const engine = new HttpFakeEngine(folder, options);
  await engine.up();
  return engine;
}

function addressOf(number: number): string {
  return `172.17.${number >> 8}.${number & 255}`;
}

class HttpFakeEngine implements FakeEngine {
  readonly #folder: string;
  readonly #firstId: number;
  readonly #swarm: FakeEngineOptions['swarm'];
  readonly url: string;
  readonly requests: string[] = [];
  readonly queries: URLSearchParams[] = [];
  readonly bodies: string[] = [];
  readonly versions: string[] = [];
  readonly containers = new Map<string, FakeContainer>();
  apiVersion = '1.41';
  pingHeaders: Record<string, string> = { server: 'Docker/20.10.24 (linux)' };
  skewMs = 0;
  delayMs = 0;
  readonly #answers = new Map<string, Answer>();
  /** The open event streams, each with the types of its events; undefined for those of all types. */
  readonly #streams = new Map<ServerResponse, readonly string[] | undefined>();
  readonly #sockets = new Set<Socket>();
  #history: { readonly timeNs: bigint; readonly type: string; readonly line: string }[] = [];
  #waiting: (() => void)[] = [];
  #server: Server | undefined;
  #timeNs = 1_767_225_600_000_000_001n;

  constructor(folder: string, { firstId = 0, swarm }: FakeEngineOptions) {
    this.#folder = folder;
    this.#firstId = firstId;
    this.#swarm = swarm;
    this.url = `unix://${join(folder, 'docker.sock')}`;
  }

  async up(): Promise<void> {
    const server = createServer((request, response) => {
      if (request.method === 'GET') this.#serve(request, response);
      else void readText(request).then((body) => this.#serve(request, response, body));
    });
    server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
    this.#server = server;
    server.listen(join(this.#folder, 'docker.sock'));
    await once(server, 'listening');
  }

  async down(): Promise<void> {
    const closed = new Promise((resolve) => this.#server?.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
    this.#history = [];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#server?.listening) await this.down();
    await rm(this.#folder, { recursive: true, force: true });
  }

  run(spec: FakeContainerSpec = {}): string {
    const id = spec.id ?? fakeId(this.#firstId + this.containers.size);
    const container: FakeContainer = {
      id,
      name: `c${this.containers.size}`,
      labels: { 'sealane.port': '80' },
      state: 'created',
      health: undefined,
      startedAtNs: 0n,
      networkMode: 'bridge',
      networks: { bridge: { networkId: 'net-bridge', ip: addressOf(this.#firstId + this.containers.size + 2) } },
      exposedPorts: [80],
      ...spec,
    };
    this.containers.set(id, container);
    this.emit('create', id);
    this.start(id);
    return id;
  }

  start(id: string): void {
    this.emit('connect', id, { container: id, name: 'bridge', type: 'bridge' }, 'network');
    this.alter(id, { state: 'running', startedAtNs: this.#tick() });
    this.emit('start', id);
  }

  die(id: string): void {
    this.alter(id, { state: 'exited' });
    this.emit('die', id, { exitCode: '0' });
    this.emit('disconnect', id, { container: id, name: 'bridge', type: 'bridge' }, 'network');
  }

  pause(id: string): void {
    this.alter(id, { state: 'paused' });
    this.emit('pause', id);
  }

  unpause(id: string): void {
    this.alter(id, { state: 'running' });
    this.emit('unpause', id);
  }

  destroy(id: string): void {
    const labels = this.containers.get(id)?.labels ?? {};
    this.containers.delete(id);
    this.emit('destroy', id, labels);
  }

  alter(id: string, change: Partial<FakeContainer>): void {
    Object.assign(this.containers.get(id) ?? {}, change);
  }

  emit(action: string, id: string, attributes: Record<string, string> = {}, type = 'container'): void {
    const timeNs = this.#tick();
    const own = type === 'container' ? { image: 'fake', name: this.containers.get(id)?.name ?? '' } : {};
    const labels = type === 'container' ? (this.containers.get(id)?.labels ?? {}) : {};
    const json = JSON.stringify({
      Type: type,
      Action: action,
      Actor: { ID: type === 'network' ? 'net-bridge' : id, Attributes: { ...own, ...attributes, ...labels } },
      scope: 'local',
      time: Number(timeNs / 1_000_000_000n),
      timeNano: '@',
    });
    const line = `${json.slice(0, -'"@"}'.length)}${timeNs}}\n`;
    // A real engine replays at most 256 events.
    this.#history.push({ timeNs, type, line });
    if (this.#history.length > 256) this.#history.shift();
    for (const [stream, types] of this.#streams) if (types?.includes(type) ?? true) stream.write(line);
  }

  write(bytes: Uint8Array): void {
    for (const stream of this.#streams.keys()) stream.write(bytes);
  }

  answer(path: string, answer: Answer | undefined): void {
    if (answer) this.#answers.set(path, answer);
    else this.#answers.delete(path);
  }

  async requested(path: string, times: number): Promise<void> {
    while (this.requests.filter((request) => request === `GET ${path}`).length < times) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  get openStreams(): number {
    return this.#streams.size;
  }

  cutStreams(): void {
    for (const stream of this.#streams.keys()) stream.destroy();
  }

  #tick(): bigint {
    this.#timeNs += 1_000_003n;
    return this.#timeNs;
  }

  #serve(request: IncomingMessage, response: ServerResponse, sent = ''): void {
    this.bodies.push(sent);
    const url = new URL(request.url ?? '/', 'http://engine');
    const version = /^\/(v[\d.]+)\//.exec(url.pathname)?.[1] ?? '';
    const path = url.pathname.slice(version === '' ? 0 : version.length + 1);
    this.requests.push(`${request.method} ${path}`);
    this.queries.push(url.searchParams);
    this.versions.push(version);
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
    response.setHeader('date', new Date(Date.now() + this.skewMs).toUTCString());
    const answer = this.#answers.get(path);
    switch (answer?.kind) {
      case undefined:
        return this.#serveInTime(path, url, response);
      case 'hang':
        return;
      case 'text':
        response.writeHead(answer.status, { 'content-type': answer.type, ...answer.headers });
        response.end(answer.body);
        return;
      case 'cut':
        response.writeHead(200, { 'content-type': 'application/json', 'content-length': 100 });
        response.write('[{"Id":', () => response.destroy());
        return;
      case 'held': {
        const body = JSON.stringify(this.#json(path));
        void answer.until.then(() => response.end(body));
      }
    }
  }

  #serveInTime(path: string, url: URL, response: ServerResponse): void {
    if (this.delayMs === 0) this.#serveRegularly(path, url, response);
    else setTimeout(() => this.#serveRegularly(path, url, response), this.delayMs).unref();
  }

  #serveRegularly(path: string, url: URL, response: ServerResponse): void {
    if (path === '/_ping') {
      response.writeHead(200, { 'api-version': this.apiVersion, 'content-type': 'text/plain', ...this.pingHeaders });
      response.end('OK');
    } else if (path === '/events') {
      this.#subscribe(response, url.searchParams);
    } else {
      const text = this.#swarm?.answer(path, url.searchParams);
      if (text !== undefined) {
        response.writeHead(200, { 'content-type': 'application/json' });
        response.end(text);
        return;
      }
      const json = this.#json(path);
      response.writeHead(json ? 200 : 404, { 'content-type': 'application/json' });
      response.end(JSON.stringify(json ?? { message: `No such container: ${path}` }));
    }
  }

  #json(path: string): object | undefined {
    if (path === '/containers/json') return [...this.containers.values()].filter(isLive).map(listRowJson);
    if (path === '/version') return { Platform: { Name: 'Fake Engine' }, Components: [{ Name: 'Engine' }] };
    const network = /^\/networks\/([^/]+)$/.exec(path)?.[1];
    if (network !== undefined) return { Name: network, Id: network, Driver: 'bridge' };
    const wanted = decodeURIComponent(/^\/containers\/([^/]+)\/json$/.exec(path)?.[1] ?? '');
    const found =
      this.containers.get(wanted) ??
      [...this.containers.values()].find(({ id, name }) => id.startsWith(wanted) || name === wanted);
    return wanted !== '' && found ? inspectJson(found) : undefined;
  }

  #subscribe(response: ServerResponse, query: URLSearchParams): void {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.flushHeaders();
    const { type: types } = readFilters(query.get('filters'));
    this.#streams.set(response, types);
    response.on('close', () => this.#streams.delete(response));
    const since = query.get('since');
    if (since === null) return;
    const [seconds = '0', fraction = '0'] = since.split('.');
    const sinceNs = BigInt(seconds) * 1_000_000_000n + BigInt(fraction);
    for (const { timeNs, type, line } of this.#history)
      if (timeNs >= sinceNs && (types?.includes(type) ?? true)) response.write(line);
  }
}
