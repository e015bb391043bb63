import type { OpenAPIHono } from '@hono/zod-openapi';
import type { AdminEnv } from './environment.ts';

/**
 * The OpenAPI document, made from the contracts of the routes that the app has. Schemas have their names from
 * `.meta({ id })`: the library's own `.openapi()` is there only on schemas that are made after it was loaded.
 */
export function openApiDocument(app: OpenAPIHono<AdminEnv>, version: string): object {
  const { paths = {}, ...document } = app.getOpenAPI31Document({
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
  });
  return {
    ...document,
    paths: Object.fromEntries(
      Object.entries(paths).map(([path, item]) => {
        const plain = plainPath(path);
        const operations = Object.entries(item as Record<string, object>).map(([method, operation]) => [
          method,
          { operationId: operationId(method, plain), ...operation },
        ]);
        return [plain, Object.fromEntries(operations)];
      }),
    ),
    components: {
      ...document.components,
      securitySchemes: { token: { type: 'http', scheme: 'bearer' } },
    },
  };
}

/** A parameter that may have slashes in it is `:name{.+}` to Hono; OpenAPI has no word for that. */
function plainPath(path: string): string {
  return path.replaceAll(/:(\w+)\{\.\+\}/g, '{$1}');
}

function operationId(method: string, path: string): string {
  return `${method} ${path}`.replaceAll(/[^a-z]+/gi, '-').replace(/-$/, '');
}
