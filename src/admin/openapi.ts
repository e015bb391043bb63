import { z } from 'zod';
import * as schemas from './schema.ts';

/**
 * The OpenAPI document, made of the same schemas as the answers. Its paths are listed here; a test holds them against the
 * routes that the app really has.
 */
interface Operation {
  readonly summary: string;
  readonly tag: string;
  readonly answer: z.ZodType | 'text/plain' | 'text/event-stream';
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: z.ZodObject;
  readonly body?: z.ZodType;
  readonly failures?: readonly number[];
}

const upstreamKey = { key: "The upstream's key, or a name that only one upstream has; URL-encoded." };

export const operations: Readonly<Record<string, Readonly<Partial<Record<'get' | 'post' | 'put', Operation>>>>> = {
  '/healthz': {
    get: { summary: 'Whether Sealane lives.', tag: 'health', answer: z.object({ status: z.literal('ok') }) },
  },
  '/readyz': {
    get: {
      summary: 'Whether the first list of containers was read; 503 until then, and while Sealane stops.',
      tag: 'health',
      answer: schemas.readinessSchema,
    },
  },
  '/metrics': { get: { summary: "Prometheus' text format.", tag: 'health', answer: 'text/plain' } },
  '/api/status': {
    get: { summary: 'Sealane itself, and how many services are well.', tag: 'read', answer: schemas.statusSchema },
  },
  '/api/services': {
    get: { summary: 'All services, their upstreams and figures.', tag: 'read', answer: schemas.servicesSchema },
  },
  '/api/services/{name}': {
    get: {
      summary: 'One service.',
      tag: 'read',
      params: { name: 'The name; slashes may be written as they are.' },
      answer: schemas.serviceSchema,
      failures: [404],
    },
  },
  '/api/problems': {
    get: {
      summary: 'What could not or would not be done, and what to do.',
      tag: 'read',
      answer: schemas.problemsSchema,
    },
  },
  '/api/sessions': {
    get: {
      summary: 'Sessions that go on now.',
      tag: 'read',
      query: schemas.sessionsQuerySchema,
      answer: schemas.sessionsSchema,
      failures: [400],
    },
  },
  '/api/events': {
    get: {
      summary: 'What happens, as server-sent events: `timeline`, `services`, `stats`, `reset`.',
      tag: 'read',
      query: schemas.eventsQuerySchema,
      answer: 'text/event-stream',
      failures: [400, 503],
    },
  },
  '/api/why/{subject}': {
    get: {
      summary: 'Why a service, container or port is or is not reachable, and the one next thing to do.',
      tag: 'read',
      params: { subject: "A service's name, a container's name or id, or a port." },
      answer: schemas.explanationSchema,
    },
  },
  '/api/upstreams/{key}/drain': action('Gives it no new sessions; those it has run on.'),
  '/api/upstreams/{key}/undrain': action('Takes `drain` back.'),
  '/api/upstreams/{key}/close-sessions': action('Closes the sessions it has.'),
  '/api/upstreams/{key}/weight': {
    put: {
      summary: 'Sets its weight for as long as its process lives; null takes it back.',
      tag: 'act',
      params: upstreamKey,
      body: schemas.weightSchema,
      answer: schemas.actionSchema,
      failures: [400, 404, 409],
    },
  },
};

function action(summary: string): { readonly post: Operation } {
  return { post: { summary, tag: 'act', params: upstreamKey, answer: schemas.actionSchema, failures: [404, 409] } };
}

let document: ReturnType<typeof build> | undefined;

export function openApiDocument(version: string): Record<string, unknown> {
  document ??= build(version);
  return document;
}

function build(version: string) {
  const components = z.toJSONSchema(z.globalRegistry, { uri: (id) => `#/components/schemas/${id}` }).schemas;
  const paths = Object.entries(operations).map(([path, methods]) => [
    path,
    Object.fromEntries(
      Object.entries(methods).map(([method, operation]) => [method, describe(operation, `${method} ${path}`)]),
    ),
  ]);
  return {
    openapi: '3.1.0',
    info: {
      title: 'Sealane admin API',
      version,
      description: 'Errors are RFC 9457 problem documents. Times are ISO 8601 in UTC; what is absent is null.',
    },
    security: [{}, { token: [] }],
    tags: [
      { name: 'health', description: 'For probes and Prometheus.' },
      { name: 'read', description: 'What is.' },
      { name: 'act', description: 'What operators may ask for; none outlives the upstream.' },
    ],
    paths: Object.fromEntries(paths) as Record<string, unknown>,
    components: {
      schemas: Object.fromEntries(Object.entries(components).map(([id, schema]) => [id, bare(schema)])),
      securitySchemes: { token: { type: 'http', scheme: 'bearer' } },
    },
  };
}

function describe({ summary, tag, answer, params = {}, query, body, failures = [] }: Operation, operationId: string) {
  const inPath = Object.entries(params).map(([name, description]) => ({
    name,
    in: 'path',
    required: true,
    description,
    schema: { type: 'string' },
  }));
  const inQuery = Object.entries(query?.shape ?? {}).map(([name, schema]) => {
    const {
      description,
      default: fallback,
      ...rest
    } = bare(z.toJSONSchema(schema as z.ZodType, { io: 'input', unrepresentable: 'any' }));
    return {
      name,
      in: 'query',
      description,
      schema: { ...rest, ...(fallback !== undefined && { default: fallback }) },
    };
  });
  return {
    operationId: operationId.replaceAll(/[^a-z]+/gi, '-').replace(/-$/, ''),
    summary,
    tags: [tag],
    parameters: [...inPath, ...inQuery],
    ...(body && { requestBody: { required: true, content: { 'application/json': { schema: refTo(body) } } } }),
    responses: {
      200: {
        description: summary,
        content:
          typeof answer === 'string'
            ? { [answer]: { schema: { type: 'string' } } }
            : { 'application/json': { schema: refTo(answer) } },
      },
      ...Object.fromEntries([401, 403, ...failures].map((status) => [status, failure])),
    },
  };
}

const failure = {
  description: 'A problem document that says what to do.',
  content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Error' } } },
};

function refTo(schema: z.ZodType): object {
  const id = schema.meta()?.['id'];
  return typeof id === 'string' ? { $ref: `#/components/schemas/${id}` } : bare(z.toJSONSchema(schema));
}

/** Without what belongs to a document of its own. */
function bare(schema: Record<string, unknown>): Record<string, unknown> {
  const { $schema: _schema, $id: _id, id: _name, ...rest } = schema;
  return rest;
}
