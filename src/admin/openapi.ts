import type { OpenAPIHono } from '@hono/zod-openapi';
import type { AdminEnv } from './environment.ts';

/**
 * Makes the OpenAPI document from the contracts of the app's routes. Schemas are named by `.meta({ id })`: the
 * library's own `.openapi()` exists only on schemas that are made after it was loaded.
 */
export function openApiDocument(app: OpenAPIHono<AdminEnv>, version: string): object {
  const { paths = {}, ...document } = app.getOpenAPI31Document({
    openapi: '3.1.0',
    info: {
      title: 'Sealane admin API',
      version,
      description: 'Errors are RFC 9457 problem documents. Times are ISO 8601 in UTC; absent values are null.',
    },
    security: [{}, { token: [] }],
    tags: [
      { name: 'health', description: 'For probes and Prometheus.' },
      { name: 'read', description: 'The current state.' },
      { name: 'act', description: 'Actions of operators; none outlives the upstream.' },
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

/**
 * The path as OpenAPI writes it. Hono's `:name{.+}` is a parameter that may hold slashes, which OpenAPI can't express.
 */
function plainPath(path: string): string {
  return path.replaceAll(/:(\w+)\{\.\+\}/g, '{$1}');
}

function operationId(method: string, path: string): string {
  return `${method} ${path}`.replaceAll(/[^a-z]+/gi, '-').replace(/-$/, '');
}
