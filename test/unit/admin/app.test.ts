import { readFile } from 'node:fs/promises';
import { Validator } from '@seriousme/openapi-schema-validator';
import { describe, expect, it } from 'vitest';
import { createAdminApp } from '../../../src/admin/app.ts';
import { historySchema } from '../../../src/admin/event-schema.ts';
import {
  actionSchema,
  endedSessionsSchema,
  errorSchema,
  explanationSchema,
  problemsSchema,
  serviceSchema,
  servicesSchema,
  sessionsSchema,
} from '../../../src/admin/schema.ts';
import { statusSchema } from '../../../src/admin/status-schema.ts';
import type { EngineState } from '../../../src/admin/source.ts';
import type { Catalog } from '../../../src/catalog/catalog.ts';
import type { HealthPlan, RouteMatch } from '../../../src/catalog/declaration.ts';
import { listenerProblems } from '../../../src/catalog/problems/listener-problems.ts';
import { listensOn } from '../../../src/cli/render/status.ts';
import { emptyRecord } from '../../../src/relay/boundary/report.ts';
import { RecentSessions } from '../../../src/telemetry/recent-sessions.ts';
import { shownCounters, upstreamCounters } from '../../../src/relay/boundary/counter-table.ts';
import { adminSource, catalogOf, declare, problem, type TestSource } from '../../support/sealane/admin-source.ts';
import { declaredUpstream, plainMatch } from '../../support/declared.ts';

const key = 'a1b2@99/10.0.0.1:80#web';
const open = { token: undefined, names: [] };

function ask(source: TestSource, path: string, init: RequestInit = {}) {
  const headers = { host: 'localhost:8470', ...(init.headers as Record<string, string>) };
  return createAdminApp(source, open).request(path, { ...init, headers });
}

describe('reading', () => {
  it('lists services, sorted, with state, reason, figures and problems, as the schema says', async () => {
    const catalog = catalogOf(
      [declare('web', undefined, { id: 'w' }), declare('api', declaredUpstream('api-1'), { port: 81 })],
      { problems: [problem('no-shared-network', 'web-1', { containerId: 'w' })] },
    );
    const response = await ask(adminSource(catalog), '/api/services');
    expect(response.headers.get('content-type')).toMatch(/^application\/json/);
    const { services, status } = servicesSchema.parse(await response.json());
    expect(services.map(({ name, state }) => `${name} ${state}`)).toEqual(['api up', 'web down']);
    expect(services[0]).toMatchObject({ reason: '1 upstream is ready', routes: [{ open: true, port: 81 }] });
    expect(services[0]?.upstreams[0]).toMatchObject({
      state: 'ready',
      traffic: { sessions: 12 },
      dial: { p50Ms: 0.3 },
    });
    expect(services[1]).toMatchObject({
      held: 2,
      failures: { 'hold-expired': 2 },
      problems: [{ code: 'no-shared-network', services: ['web'] }],
    });
    expect(status).toMatchObject({ services: { up: 1, degraded: 0, down: 1 }, problems: 1, version: '1.2.3' });
  });

  it('lists replicas in natural order, whichever was created first', async () => {
    const names = ['api-10', 'api-2', 'api-1'];
    const catalog = catalogOf(names.map((name, created) => declare('api', declaredUpstream(name), { created })));
    const source = adminSource(catalog);
    const { upstreams, declaredBy } = serviceSchema.parse(await (await ask(source, '/api/services/api')).json());
    expect(upstreams.map(({ name }) => name)).toEqual(['api-1', 'api-2', 'api-10']);
    expect(declaredBy).toEqual(['api-1', 'api-2', 'api-10']);
    const { steps } = explanationSchema.parse(await (await ask(source, '/api/why/api')).json());
    const mentioned = steps.flatMap(({ step, text }) => (step === 'upstreams' ? [text.split(' ')[0]] : []));
    expect(mentioned).toEqual(['api-1', 'api-2', 'api-10']);
  });

  it('lists the sessions that ended last, with their reasons, and hostile names made safe', async () => {
    const ended = new RecentSessions();
    const record = { ...emptyRecord, listener: '127.0.0.1:80', client: '10.0.0.9:1', startedAtMs: 0 };
    ended.add([
      { ...record, service: 'web', reason: 'finished', upstream: 'web-1', heldMs: 12.5, dialMs: 0.3, bytesUp: 7 },
      { ...record, service: undefined, reason: 'no-route', name: 'a\u001b[31m' },
    ]);
    const source = adminSource(undefined, { ended });
    const answer = await ask(source, '/api/sessions/recent');
    expect(endedSessionsSchema.parse(await answer.json())).toMatchObject({
      total: 2,
      sessions: [
        { service: null, name: 'a\\u{1b}[31m', reason: 'no-route', failed: true },
        {
          startedAt: '1970-01-01T00:00:00.000Z',
          upstream: 'web-1',
          heldMs: 12.5,
          dialMs: 0.3,
          bytesUp: 7,
          failed: false,
        },
      ],
    });
    const selected = await ask(source, '/api/sessions/recent?failed=true&reason=finished');
    expect(await selected.json()).toEqual({ sessions: [], total: 0 });
    expect((await ask(source, '/api/sessions/recent?reason=boredom')).status).toBe(400);
  });

  it('names the selectors of a route, and the default by its old word in the deprecated field', async () => {
    const match = { ...plainMatch, names: [{ kind: 'host', pattern: 'api.test' } as const] };
    const catalog = catalogOf([
      declare('api', declaredUpstream('one')),
      { ...declare('api', declaredUpstream('two'), { created: 1 }), match },
    ]);
    const { routes } = serviceSchema.parse(await (await ask(adminSource(catalog), '/api/services/api')).json());
    expect(routes).toMatchObject([{ selectors: ['default', 'host api.test'], names: ['rest', 'host api.test'] }]);
  });

  it('says what browsers can open: a host by HTTP, by HTTPS where Sealane ends TLS, and no pattern or server name', async () => {
    const webOf = async (match: Partial<RouteMatch>, health: HealthPlan = { kind: 'none' }) => {
      const upstream = { ...declaredUpstream('one'), health };
      const catalog = catalogOf([{ ...declare('api', upstream), match: { ...plainMatch, ...match } }]);
      const { routes } = serviceSchema.parse(await (await ask(adminSource(catalog), '/api/services/api')).json());
      return routes[0]?.web;
    };
    const host = { kind: 'host', pattern: 'api.test' } as const;
    const wild = { kind: 'host', pattern: '*.test' } as const;
    const sni = { kind: 'sni', pattern: 'api.test' } as const;
    expect(await webOf({ names: [host, wild] })).toEqual([{ scheme: 'http', host: 'api.test' }]);
    expect(await webOf({ names: [host], tls: 'terminate' })).toEqual([{ scheme: 'https', host: 'api.test' }]);
    expect(await webOf({ names: [sni] })).toEqual([]);
    expect(await webOf({})).toEqual([]);
    const schedule = { intervalMs: 1, timeoutMs: 1, rise: 1, fall: 1 };
    const check: HealthPlan = { kind: 'http', path: '/', proxyProtocol: undefined, ...schedule };
    expect(await webOf({}, check)).toEqual([{ scheme: 'http', host: null }]);
    expect(await webOf({ tls: 'terminate' }, check)).toEqual([{ scheme: 'https', host: null }]);
    expect(await webOf({ names: [sni] }, check)).toEqual([]);
  });

  it('says where the port of a route is published', async () => {
    const inside = { ...declare('api', declaredUpstream('one')), listen: { host: '0.0.0.0', port: 8080 } };
    const published = [{ containerPort: 8080, hostIp: '127.0.0.1', hostPort: 80 }];
    const answer = async (catalog: Catalog) =>
      servicesSchema.parse(await (await ask(adminSource(catalog), '/api/services')).json());
    const { services } = await answer(catalogOf([inside], { publishedPorts: published }));
    expect(services[0]?.routes).toMatchObject([{ listen: '0.0.0.0:8080', published: ['127.0.0.1:80'] }]);
    expect(services.map(listensOn)).toEqual(['127.0.0.1:80→8080']);
    const onHost = await answer(catalogOf([inside]));
    expect(onHost.services[0]?.routes).toMatchObject([{ listen: '0.0.0.0:8080', published: [] }]);
    expect(onHost.services.map(listensOn)).toEqual(['0.0.0.0:8080']);
  });

  it('shows a service that is called as something that every object has', async () => {
    const source = adminSource(catalogOf([declare('constructor', declaredUpstream('one'))]));
    const { services } = servicesSchema.parse(await (await ask(source, '/api/services')).json());
    expect(services).toMatchObject([{ name: 'constructor', held: 0 }]);
  });

  it.each(['/api/services/shop/api', '/api/services/shop%2Fapi'])('shows one service at %s', async (path) => {
    expect(serviceSchema.parse(await (await ask(adminSource(), path)).json())).toMatchObject({ name: 'shop/api' });
  });

  it('names the service that was probably meant', async () => {
    const response = await ask(adminSource(), '/api/services/shop%2Fapy');
    expect(response.status).toBe(404);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    expect(errorSchema.parse(await response.json())).toMatchObject({ status: 404, suggestions: ['shop/api'] });
  });

  it('answers with the figures of the last minutes', async () => {
    const { samples } = historySchema.parse(await (await ask(adminSource(), '/api/history')).json());
    expect(samples).toMatchObject([{ services: { 'shop/api': { held: 0, failures: {} } } }]);
  });

  it('lists problems with the services they concern', async () => {
    const catalog = catalogOf([declare('api', declaredUpstream('api-1'))], {
      problems: [
        problem('label-unknown', 'api-1', { containerId: 'api-1' }),
        problem('config-invalid', 'configuration'),
      ],
    });
    const { problems } = problemsSchema.parse(await (await ask(adminSource(catalog), '/api/problems')).json());
    expect(problems.map(({ code, services }) => [code, services])).toEqual([
      ['label-unknown', ['api']],
      ['config-invalid', []],
    ]);
  });

  it('names the label, route and address of a problem in fields of their own, for programs', async () => {
    const catalog = catalogOf(
      [declare('api', declaredUpstream('api-1')), declare('web', declaredUpstream('web-1'), { created: 1 })],
      {
        problems: [
          problem('label-unknown', 'api-1', { containerId: 'api-1', label: 'sealane.prot\u001b[31m' }),
          problem('port-unclear', 'api-1', { containerId: 'api-1', route: 'debug' }),
          ...listenerProblems(new Map([['127.0.0.1:9', { kind: 'failed', code: 'EACCES', message: '' }]])),
        ],
      },
    );
    const { problems } = problemsSchema.parse(await (await ask(adminSource(catalog), '/api/problems')).json());
    expect(problems.map(({ code, label, route, listen }) => [code, label, route, listen])).toEqual([
      ['listen-conflict', null, '', '127.0.0.1:8080'],
      ['label-unknown', 'sealane.prot\\u{1b}[31m', null, null],
      ['port-unclear', null, 'debug', null],
      ['listen-failed', null, null, '127.0.0.1:9'],
    ]);
  });

  it('lists live sessions, and refuses filters that mean nothing', async () => {
    const session = {
      service: 'web',
      listener: '127.0.0.1:8081',
      client: '127.0.0.1:5000',
      state: 'held',
      upstream: undefined,
      upstreamKey: undefined,
      endpoint: undefined,
      startedAtMs: 0,
      ageMs: 3,
      bytesUp: 0,
      bytesDown: 0,
      retries: 2,
      lastDialError: 'ECONNREFUSED 10.0.0.1:80',
    } as const;
    const hostile = { ...session, lastDialError: 'a\u001b[31m' };
    const source = adminSource(undefined, { sessions: [session, hostile] });
    const answer = sessionsSchema.parse(await (await ask(source, '/api/sessions?state=held&limit=2')).json());
    expect(answer).toMatchObject({
      total: 2,
      complete: true,
      sessions: [
        { state: 'held', service: 'web', upstream: null, startedAt: '1970-01-01T00:00:00.000Z' },
        { lastDialError: 'a\\u{1b}[31m' },
      ],
    });
    const refused = await ask(source, '/api/sessions?state=happy');
    expect(refused.status).toBe(400);
    expect(errorSchema.parse(await refused.json()).detail).toMatch(/^state: /);
  });

  it('explains', async () => {
    const answer = explanationSchema.parse(await (await ask(adminSource(), '/api/why/shop%2Fapi')).json());
    expect(answer).toMatchObject({ verdict: 'reachable', cause: 'fine', next: null, services: ['shop/api'] });
  });

  it('reports its readiness without a token, under any host name', async () => {
    const source = { ...adminSource(), readiness: () => ({ ready: false, reason: 'reading' }) };
    const app = createAdminApp(source, { token: 'a-token-of-length', names: [] });
    expect((await app.request('/healthz', { headers: { host: 'evil.example' } })).status).toBe(200);
    const ready = await app.request('/readyz', { headers: { host: 'evil.example' } });
    expect([ready.status, await ready.json()]).toEqual([503, { ready: false, reason: 'reading' }]);
  });
});

describe('acting', () => {
  const catalog = catalogOf([declare('api', declaredUpstream('api-1', { key }))]);
  const at = `/api/upstreams/${encodeURIComponent(key)}`;

  it.each([
    ['drain', { drained: true }],
    ['undrain', { drained: false }],
    ['close-sessions', 'close-sessions'],
  ] as const)('%s asks for just that, by key or by name', async (what, asked) => {
    const source = adminSource(catalog);
    const response = await ask(source, `${at}/${what}`, { method: 'POST' });
    expect(actionSchema.parse(await response.json())).toMatchObject({ upstream: key, sessions: 1 });
    await ask(source, `/api/upstreams/api-1/${what}`, { method: 'POST' });
    expect(source.asked).toEqual([
      [key, asked],
      [key, asked],
    ]);
  });

  it('sets a weight and restores the declared one, and refuses anything else', async () => {
    const source = adminSource(catalog);
    const put = (body: string) =>
      ask(source, `${at}/weight`, { method: 'PUT', body, headers: { 'content-type': 'application/json' } });
    expect((await put('{"weight":7}')).status).toBe(200);
    expect((await put('{"weight":null}')).status).toBe(200);
    for (const body of ['{"weight":257}', '{"weight":"7"}', '{', '{}']) expect((await put(body)).status).toBe(400);
    const asText = await ask(source, `${at}/weight`, { method: 'PUT', body: '{"weight":7}' });
    expect([asText.status, errorSchema.parse(await asText.json()).detail]).toEqual([
      415,
      'Send JSON, as application/json.',
    ]);
    expect(source.asked).toEqual([
      [key, { weight: 7 }],
      [key, { weight: undefined }],
    ]);
  });

  it('does nothing to an upstream that is not there, or that could be several', async () => {
    const two = [
      declare('a', declaredUpstream('x', { key: 'k1' })),
      declare('b', declaredUpstream('x', { key: 'k2' }), { port: 81 }),
    ];
    const source = adminSource(catalogOf(two));
    expect((await ask(source, '/api/upstreams/y/drain', { method: 'POST' })).status).toBe(404);
    const ambiguous = await ask(source, '/api/upstreams/x/drain', { method: 'POST' });
    expect([ambiguous.status, errorSchema.parse(await ambiguous.json()).suggestions]).toEqual([409, ['k1', 'k2']]);
    expect(source.asked).toEqual([]);
  });

  it('takes the name of a container without its engine where one engine has it, and asks which where two have', async () => {
    const on = (engine: string, name: string, port: number) =>
      declare(`${name}@${engine}`, declaredUpstream(`${name}@${engine}`, { engine }), { port });
    const source = adminSource(catalogOf([on('a', 'web', 80), on('b', 'web', 81), on('b', 'db', 82)]));
    const drain = (name: string) => ask(source, `/api/upstreams/${name}/drain`, { method: 'POST' });
    for (const name of ['db', 'web@b']) expect((await drain(name)).status).toBe(200);
    expect(source.asked.map(([upstream]) => upstream)).toEqual(['db@b', 'web@b']);
    const { status, detail, suggestions } = errorSchema.parse(await (await drain('web')).json());
    expect([status, suggestions]).toEqual([409, ['web@a', 'web@b']]);
    expect(detail).toMatch(/^Several containers .* say which: web@a or web@b/);
  });

  it('takes the name of a task where one container runs it, and asks which where an update runs two', async () => {
    const run = (id: string, slot: number) => {
      const task = { id, service: 'web', name: `web.${slot}`, slot, node: 'host-b', desired: 'running' };
      return declare('web', declaredUpstream(`web.${slot}.${id}`, { task }));
    };
    const source = adminSource(catalogOf([run('a', 1), run('b', 1), run('c', 2)]));
    const drain = (name: string) => ask(source, `/api/upstreams/${name}/drain`, { method: 'POST' });
    expect((await drain('web.2')).status).toBe(200);
    expect(source.asked.map(([upstream]) => upstream)).toEqual(['web.2.c']);
    const { status, suggestions } = errorSchema.parse(await (await drain('web.1')).json());
    expect([status, suggestions]).toEqual([409, ['web.1.a', 'web.1.b']]);
    const { services } = servicesSchema.parse(await (await ask(source, '/api/services')).json());
    expect(services[0]?.upstreams[0]?.task).toEqual({
      ...{ id: 'a', service: 'web', name: 'web.1', slot: 1, node: 'host-b', desired: 'running' },
    });
  });
});

describe('the state of several engines', () => {
  const connected = { kind: 'connected', apiVersion: '1.41' } as const;
  const lost = { kind: 'disconnected', reason: 'connection refused' } as const;
  const of = async (engines: readonly EngineState[]) =>
    statusSchema.parse(await (await ask(adminSource(catalogOf([]), { engines }), '/api/status')).json());
  const a = {
    name: 'a',
    endpoint: 'unix:///a',
    status: connected,
    containers: 3,
    actions: ['connect'],
    joined: ['shop'],
  };
  const b = { name: 'b', endpoint: 'unix:///b', status: lost, containers: 1, actions: [], joined: [] };

  it('is told of each, and in the deprecated field of the first that is not connected', async () => {
    const { engines, engine } = await of([a, b]);
    expect(engines).toEqual([
      {
        name: 'a',
        endpoint: 'unix:///a',
        state: 'connected',
        reason: null,
        containers: 3,
        actions: ['connect'],
        joined: ['shop'],
      },
      {
        name: 'b',
        endpoint: 'unix:///b',
        state: 'disconnected',
        reason: 'connection refused',
        containers: 1,
        actions: [],
        joined: [],
      },
    ]);
    expect(engine).toEqual({ state: 'disconnected', endpoint: 'unix:///b', reason: 'connection refused' });
    const twin = { ...a, name: 'c', twinOf: 'a' };
    expect((await of([a, twin])).engines[1]).toMatchObject({
      state: 'connected',
      reason: 'it is engine a, given again: ignored',
    });
    expect((await of([])).engine).toEqual({ state: 'none', endpoint: null, reason: null });
  });
});

describe('the OpenAPI document', () => {
  const app = createAdminApp(adminSource(), open);
  const read = async () => (await (await ask(adminSource(), '/openapi.json')).json()) as OpenApi;

  it('is valid, and has just the routes that there are', async () => {
    const { paths, ...document } = await read();
    expect(await new Validator().validate({ ...document, paths })).toMatchObject({ valid: true });
    const served = app.routes
      .filter(({ method, path }) => method !== 'ALL' && !path.includes('*'))
      .map(({ method, path }) => `${method} ${path.replaceAll(/:(\w+)(?:\{[^}]*\})?/g, '{$1}')}`);
    const described = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    const undescribed = new Set(['GET /login', 'GET /openapi.json']);
    expect([...new Set(served)].filter((route) => !undescribed.has(route)).toSorted()).toEqual(described.toSorted());
  });

  it('describes each route: its purpose, operation id, parameters, body and failures', async () => {
    const { paths, info } = await read();
    expect(info).toMatchObject({ title: 'Sealane admin API', version: '1.2.3' });
    for (const operation of Object.values(paths).flatMap((methods) => Object.values(methods))) {
      expect(operation).toMatchObject({ operationId: expect.any(String), summary: expect.any(String) });
      expect(['health', 'read', 'act']).toContain(operation.tags?.[0]);
    }
    expect(paths['/api/services/{name}']?.['get']).toMatchObject({
      operationId: 'get-api-services-name',
      parameters: [{ name: 'name', in: 'path', required: true, schema: { type: 'string' } }],
      responses: { 200: { content: { 'application/json': { schema: { $ref: '#/components/schemas/Service' } } } } },
    });
    const weight = paths['/api/upstreams/{key}/weight']?.['put'];
    expect(Object.keys(weight?.responses ?? {})).toEqual(['200', '400', '401', '403', '404', '409', '415']);
    expect(weight?.requestBody).toMatchObject({ required: true });
    const since = paths['/api/events']?.['get']?.parameters?.find(({ name }) => name === 'since');
    expect(since).toMatchObject({ in: 'query', required: false, schema: { type: 'integer', minimum: 0 } });
  });

  it('has the schemas of all answers and events, and describes counters and fields as the relay declares them', async () => {
    const { schemas } = (await read()).components;
    for (const name of ['Service', 'Session', 'Error', 'TimelineEvent', 'ServicesEvent', 'StatsEvent', 'ResetEvent'])
      expect(schemas).toHaveProperty(name);
    for (const field of shownCounters(upstreamCounters))
      expect(schemas['Traffic']?.properties[field]).toMatchObject({ description: upstreamCounters[field].help });
    expect(schemas['Session']?.properties).toMatchObject({
      startedAt: { type: 'string', format: 'date-time' },
      upstream: { type: ['string', 'null'] },
      retries: { type: 'integer', minimum: 0 },
    });
  });

  it('has a line in docs/admin-api.md for each route', async () => {
    const page = await readFile('docs/admin-api.md', 'utf8');
    for (const path of Object.keys((await read()).paths)) {
      // Where several actions share a line the last part alone names them.
      const action = /^\/api\/upstreams\/\{key\}(\/.*)$/.exec(path)?.[1];
      expect(page).toContain(action ?? path);
    }
  });
});

interface OpenApi {
  readonly info: object;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, { readonly properties: Readonly<Record<string, object>> }>>;
  };
}

interface Operation {
  readonly tags?: readonly string[];
  readonly parameters?: readonly { readonly name: string }[];
  readonly requestBody?: object;
  readonly responses: object;
}
