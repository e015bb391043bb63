import { z } from 'zod';
import { targetSchema } from '../address/schemas.ts';
import { booleanWords } from '../text/boolean.ts';
import { fallbackOf } from './options/option.ts';
import { optionNames, routeOptions, type OptionName } from './options/route-options.ts';
import { upstreamOptions } from './options/upstream.ts';
import { settingDoc, settingNames, settingsSchemas, wordsOf } from './settings.ts';

/**
 * Makes JSON Schemas for editors out of the declarations of settings and options: one for the configuration file, one
 * for the labels in compose files. They refuse nothing that Sealane accepts; it refuses more. Pure.
 */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** Draft 7 is the newest that all editors read. */
const target = 'draft-7';
const $schema = 'http://json-schema.org/draft-07/schema#';

/** The schema of the configuration file. */
export function fileJsonSchema(): JsonSchema {
  const settings = settingNames.map((name) => {
    const { value, fallback, description, list } = settingDoc(name);
    const values = inFile(valueOf(settingsSchemas[name]), list);
    return [name, { ...documented(value, fallback, description), ...values }] as const;
  });
  const services = { type: ['object', 'null'], additionalProperties: staticService() };
  return {
    $schema,
    title: 'The configuration file of Sealane',
    type: ['object', 'null'],
    properties: {
      ...Object.fromEntries(settings),
      services: { description: 'Static services, by their names: upstreams without labels.', ...services },
    },
    additionalProperties: false,
  };
}

function staticService(): JsonSchema {
  const names = optionNames.filter((name) => !routeOptions[name].containerOnly);
  const options = names.map((name) => [
    name,
    { ...documentedOption(name), ...inFile(valueOf(routeOptions[name].schema), routeOptions[name].list) },
  ]);
  const address = valueOf(targetSchema);
  const weight = valueOf(upstreamOptions.weight.schema);
  const weighted = { type: 'object', properties: { target: address, weight }, required: ['target'] };
  return {
    type: 'object',
    properties: {
      ...Object.fromEntries(options),
      upstreams: {
        description: 'The addresses of the upstreams: HOST:PORT or unix:/path, alone or with a weight.',
        type: 'array',
        items: { anyOf: [address, { ...weighted, additionalProperties: false }] },
      },
    },
    // A service that gets a name needs no address.
    required: ['upstreams'],
    additionalProperties: false,
  };
}

/**
 * The schema of a compose file as far as Sealane's labels go. `#/definitions/labels` is the schema of `labels` alone. An
 * unknown label with Sealane's prefix is refused.
 */
export function labelsJsonSchema(prefix: string): JsonSchema {
  const labels = { $ref: '#/definitions/labels' };
  const build = { type: ['object', 'string', 'null'], properties: { labels } };
  const service = { type: 'object', properties: { labels, build } };
  return {
    $schema,
    title: 'The labels of Sealane in a compose file',
    type: 'object',
    properties: { services: { type: ['object', 'null'], additionalProperties: service } },
    definitions: { labels: labelsSchema(prefix) },
  };
}

function labelsSchema(prefix: string): JsonSchema {
  const start = `${prefix.replaceAll('.', '\\.')}\\.`;
  const route = '[a-z0-9-]+\\.';
  const one = (name: OptionName): JsonSchema => {
    const { anyOf } = valueOf(routeOptions[name].schema);
    // Compose fills in variables.
    return { ...documentedOption(name), anyOf: [...anyOf, { type: 'string', pattern: '\\$' }] };
  };
  const known = optionNames.map((name) => name.replaceAll('.', '\\.')).join('|');
  // Labels of other tools, or one of these.
  const names = (end: string): string => `^(?:(?!${start})|${start}(?:${route})?(?:${known})${end})`;
  return {
    anyOf: [
      {
        type: 'object',
        properties: Object.fromEntries(optionNames.map((name) => [`${prefix}.${name}`, one(name)])),
        patternProperties: Object.fromEntries(
          optionNames.map((name) => [`^${start}${route}${name.replaceAll('.', '\\.')}$`, one(name)]),
        ),
        propertyNames: { type: 'string', pattern: names('$') },
      },
      {
        type: 'array',
        items: { type: 'string', pattern: names('=') },
      },
      { type: 'null' },
    ],
  };
}

interface Alternatives {
  readonly anyOf: readonly JsonSchema[];
}

/** What YAML may have for a schema that reads text: the text, or a number or a boolean that is spelled like it. */
function valueOf(schema: z.ZodType): Alternatives {
  const { type, pattern, minimum, maximum, minLength } = z.toJSONSchema(schema, {
    io: 'input',
    unrepresentable: 'any',
    target,
  });
  const words = wordsOf(schema);
  if (words?.includes('true'))
    return { anyOf: [{ type: 'boolean' }, { enum: [0, 1] }, { type: 'string', pattern: anyCase(booleanWords) }] };
  if (words) {
    const numbers = words.filter((word) => /^[\d.]+$/.test(word)).map(Number);
    return { anyOf: [{ enum: [...words, ...numbers] }] };
  }
  if (type === 'integer')
    return {
      anyOf: [
        { type, minimum, maximum },
        { type: 'string', pattern: '^[0-9]+$' },
      ],
    };
  const text = { type: 'string', ...(pattern && { pattern }), ...(minLength && { minLength }) };
  return { anyOf: [text, ...numbersLike(pattern)] };
}

/** The numbers whose texts the pattern accepts: all, or 0 alone, as for durations. */
function numbersLike(pattern: string | undefined): JsonSchema[] {
  const accepts = (text: string): boolean => pattern === undefined || new RegExp(pattern).test(text);
  if (accepts('1')) return [{ type: ['number', 'boolean'] }];
  return accepts('0') ? [{ const: 0 }] : [];
}

function anyCase(words: readonly string[]): string {
  const inAnyCase = words.map((word) => word.replaceAll(/[a-z]/g, (letter) => `[${letter.toUpperCase()}${letter}]`));
  return `^(?:${inAnyCase.join('|')})$`;
}

/** In the file, a list of values stands for the same values with commas between them. */
function inFile({ anyOf }: Alternatives, isList = false): Alternatives {
  const list = { type: 'array', items: { type: ['string', 'number', 'boolean'] } };
  return { anyOf: isList ? [...anyOf, list] : anyOf };
}

function documentedOption(name: OptionName): JsonSchema {
  const option = routeOptions[name];
  return documented(option.value, fallbackOf(option), option.description);
}

function documented(value: string, fallback: string, description: string): JsonSchema {
  const [, otherwise] = /^`([^`]+)`$/.exec(fallback) ?? [];
  const examples = Array.from(value.matchAll(/`([^`]+)`/g), ([, text]) => text);
  return {
    description: `${description} Value: ${value}. Default: ${fallback}.`,
    ...(otherwise === undefined ? {} : { default: otherwise }),
    ...(examples.length > 0 && { examples }),
  };
}
