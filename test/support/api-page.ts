import { z } from 'zod';
import { createAdminApp } from '../../src/admin/app.ts';
import { table } from './reference.ts';
import { adminSource } from './sealane/admin-source.ts';

/**
 * Renders the page of the admin API's calls and schemas from its OpenAPI document. `npm run docs` writes it; a test
 * compares.
 */
export const apiPath = 'docs/reference/api.md';

const schemaShape = z.looseObject({
  $ref: z.string().optional(),
  type: z.union([z.string(), z.array(z.string())]).optional(),
  format: z.string().optional(),
  enum: z.array(z.unknown()).optional(),
  description: z.string().optional(),
  get items() {
    return schemaShape.optional();
  },
  get anyOf() {
    return z.array(schemaShape).optional();
  },
  get properties() {
    return z.record(z.string(), schemaShape).optional();
  },
  get additionalProperties() {
    return z.union([z.boolean(), schemaShape]).optional();
  },
});

type Schema = z.output<typeof schemaShape>;

const content = z.record(z.string(), z.looseObject({ schema: schemaShape.optional() })).optional();
const operationShape = z.looseObject({
  summary: z.string().optional(),
  tags: z.array(z.string()).default([]),
  parameters: z
    .array(z.looseObject({ name: z.string(), in: z.string(), schema: schemaShape, description: z.string().optional() }))
    .default([]),
  requestBody: z.looseObject({ content }).optional(),
  responses: z.record(z.string(), z.looseObject({ description: z.string().optional(), content })),
});

type Operation = z.output<typeof operationShape>;

const documentShape = z.looseObject({
  tags: z.array(z.object({ name: z.string(), description: z.string() })),
  paths: z.record(z.string(), z.record(z.string(), operationShape)),
  components: z.looseObject({ schemas: z.record(z.string(), schemaShape) }),
});

export async function renderApi(): Promise<string> {
  const app = createAdminApp(adminSource(), { token: undefined, names: [] });
  const answer = await app.request('/openapi.json', { headers: { host: 'localhost:8470' } });
  const { tags, paths, components } = documentShape.parse(await answer.json());
  const calls = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ name: `${method.toUpperCase()} ${path}`, operation })),
  );
  const groups = tags.map(({ name, description }) => {
    const own = calls.filter(({ operation }) => operation.tags.includes(name));
    return `## Calls to ${name === 'health' ? 'probe' : name}\n\n${description}\n\n${own.map(renderCall).join('\n\n')}`;
  });
  return `# API reference

<!-- Generated from the admin API's own schemas by \`npm run docs\`. Do not edit. -->

Each call of the admin API, and each object that it answers with. A running Sealane has the same as \`GET /openapi.json\`.
[Admin API](../admin-api.md) says who may ask, and how often.

${groups.join('\n\n')}

## Objects

${Object.entries(components.schemas).map(renderObject).join('\n\n')}
`;
}

function renderCall({ name, operation }: { readonly name: string; readonly operation: Operation }): string {
  const parameters = operation.parameters.map((parameter) => [
    `\`${parameter.name}\``,
    parameter.in,
    typeOf(parameter.schema),
    parameter.description ?? '',
  ]);
  const body = bodyOf(operation.requestBody?.content);
  const answers = Object.entries(operation.responses).map(
    ([status, response]) => `${status}${after(bodyOf(response.content))}`,
  );
  const parts = [
    `### \`${name}\``,
    operation.summary ?? '',
    parameters.length > 0 ? table(['parameter', 'in', 'type', 'meaning'], parameters) : '',
    body === '' ? '' : `Body: ${body}.`,
    `Answers: ${answers.join(', ')}.`,
  ];
  return parts.filter((part) => part !== '').join('\n\n');
}

function renderObject([name, schema]: readonly [string, Schema]): string {
  const fields = Object.entries(schema.properties ?? {}).map(([field, own]) => [
    `\`${field}\``,
    typeOf(own),
    // The descriptions are also those of docs/metrics.md, one folder up.
    (own.description ?? '').replaceAll('](reference.md', '](../reference.md'),
  ]);
  const parts = [`### ${name}`, schema.description ?? '', table(['field', 'type', 'meaning'], fields)];
  return parts.filter((part) => part !== '').join('\n\n');
}

function bodyOf(of: Readonly<Record<string, { readonly schema?: Schema | undefined }>> | undefined): string {
  const [first] = Object.values(of ?? {});
  return first?.schema === undefined ? '' : typeOf(first.schema);
}

function after(body: string): string {
  return body === '' ? '' : ` ${body}`;
}

/** A schema in a few words; objects that have a name are links. */
function typeOf(schema: Schema): string {
  if (schema.$ref !== undefined) {
    const name = schema.$ref.replace(/^.*\//, '');
    return `[${name}](#${name.toLowerCase()})`;
  }
  if (schema.enum !== undefined) return schema.enum.map((value) => `\`${String(value)}\``).join(', ');
  if (schema.anyOf !== undefined) return schema.anyOf.map(typeOf).join(' or ');
  if (schema.items !== undefined) return `list of ${typeOf(schema.items)}`;
  if (typeof schema.additionalProperties === 'object') return `${typeOf(schema.additionalProperties)} by name`;
  const types = [schema.type ?? 'any'].flat();
  return types.map((type) => (type === 'string' && schema.format !== undefined ? schema.format : type)).join(' or ');
}
