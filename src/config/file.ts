import { readFile } from 'node:fs/promises';
import { isMap, isScalar, LineCounter, parseDocument, type Document, type YAMLMap } from 'yaml';
import { z } from 'zod';
import type { StaticService, StaticUpstream } from './static-service.ts';
import { printable, quoted } from '../text/printable.ts';
import { ConfigError } from './config-error.ts';
import { suggestion } from '../text/did-you-mean.ts';
import { describeRefusal, refusalOf } from '../text/refusal.ts';
import { isUnix } from '../address/address.ts';
import { lastOf, rangeLength } from '../address/listen.ts';
import { lastPort } from '../address/port.ts';
import { targetSchema } from '../address/schemas.ts';
import { serviceName } from './options/kinds.ts';
import { isOption, routeOptions, staticOptionNames, type RouteValues } from './options/route-options.ts';
import { namesRulesOf } from './names/settings.ts';
import { protocolOfPort } from './names/protocol-ports.ts';
import { upstreamOptions } from './options/upstream.ts';
import { mergeSettings, settingDoc, settingNames, settingsSchemas, type Settings } from './settings.ts';

/**
 * Reads the configuration file (YAML): settings by the names of their flags, and static services. Errors begin with
 * `file:line:column`.
 */
export interface ConfigFile {
  readonly path: string;
  readonly settings: Partial<Settings>;
  readonly services: readonly StaticService[];
}

/** Whether services get names with these settings of the file, so that they need no listen address of their own. */
export type GivesNames = (ofFile: Partial<Settings>) => boolean;

/** @throws ConfigError with a line for each mistake */
export async function readConfigFile(path: string, givesNames: GivesNames): Promise<ConfigFile> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new ConfigError(`cannot read ${printable(path)}: ${fileErrors[error.code ?? ''] ?? error.code}`, {
      cause: error,
    });
  });
  return parseConfigFile(text, path, givesNames);
}

const byFileAlone: GivesNames = (ofFile) => namesRulesOf(mergeSettings([ofFile])) !== undefined;

const fileErrors: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'permission denied; make it readable for the user Sealane runs as',
  EISDIR: 'it is a directory; name the file itself',
};

/** @throws ConfigError with a line for each mistake */
export function parseConfigFile(text: string, path: string, givesNames: GivesNames = byFileAlone): ConfigFile {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const reader = new Reader(path, document, lines);
  const syntax = document.errors[0];
  if (syntax) throw reader.errorAt(syntax.pos[0], syntax.message.split('\n')[0] ?? 'is not YAML');
  if (document.contents === null) return { path, settings: {}, services: [] };
  if (!isMap(document.contents)) throw reader.errorAt(0, 'must be a mapping of settings, such as `log-level: debug`');
  const settings = reader.settings(document.contents);
  const file = { path, settings, services: reader.services(document.contents, givesNames(settings)) };
  if (reader.mistakes.length > 0) throw new ConfigError(reader.mistakes.slice(0, mostMistakes));
  return file;
}

/** A person corrects the first few. */
const mostMistakes = 20;

/** Reads the values of the document, and gathers their mistakes with their positions. */
class Reader {
  readonly mistakes: string[] = [];
  readonly #path: string;
  readonly #document: Document;
  readonly #lines: LineCounter;

  constructor(path: string, document: Document, lines: LineCounter) {
    this.#path = path;
    this.#document = document;
    this.#lines = lines;
  }

  settings(root: YAMLMap): Partial<Settings> {
    const settings: Record<string, unknown> = {};
    for (const { key, value, offset } of this.#entries(root)) {
      if (key === 'services') continue;
      const name = settingNames.find((one) => one === key);
      if (name) settings[name] = this.#check(settingsSchemas[name], textOf(value, settingDoc(name)), key, offset);
      else this.#complain(offset, `unknown setting ${quoted(key)}${suggestion(key, [...settingNames, 'services'])}`);
    }
    return settings;
  }

  services(root: YAMLMap, haveNames: boolean): StaticService[] {
    const node = root.get('services', true);
    if (node === undefined || (isScalar(node) && node.value === null)) return [];
    if (!isMap(node)) {
      this.#complain(offsetOf(node), 'services must be a mapping from names to services');
      return [];
    }
    return [...this.#entries(node)].flatMap(({ key, node: service, offset }) => {
      const name = serviceName.schema.safeParse(key);
      if (!name.success) this.#complain(offset, `service ${quoted(key)} ${refusalOf(name.error, key).rule}`);
      if (isMap(service)) return this.#service(printable(key), service, { at: offset, hasName: haveNames }) ?? [];
      this.#complain(offset, `service ${quoted(key)} must have listen and upstreams`);
      return [];
    });
  }

  #service(
    name: string,
    node: YAMLMap,
    { at, hasName }: { readonly at: number; readonly hasName: boolean },
  ): StaticService | undefined {
    const values: Record<string, unknown> = {};
    const before = this.mistakes.length;
    let upstreams: StaticUpstream[] | undefined;
    for (const { key, value, offset } of this.#entries(node)) {
      if (key === 'upstreams') upstreams = this.#upstreams(name, value, offset);
      else if (isOption(key) && !routeOptions[key].containerOnly) {
        const option = routeOptions[key];
        values[key] = this.#check(option.schema, textOf(value, option), `${key} of ${name}`, offset);
      } else this.#complain(offset, unknownOption(key));
    }
    const { listen, ...options } = values as RouteValues;
    // A mistyped option is likely the one that is missing.
    if (this.mistakes.length > before) return undefined;
    const needsListen = hasName ? whyUnnamed(options, upstreams ?? []) : '';
    if (!listen && needsListen !== undefined)
      this.#complain(at, `service ${quoted(name)} has no listen address${needsListen}; add \`listen: 5432\``);
    if (!upstreams) this.#complain(at, `service ${quoted(name)} has no upstreams; add \`upstreams: [localhost:8080]\``);
    if (!upstreams) return undefined;
    if (listen) this.#checkRange(name, listen, upstreams, at);
    return { name, listen: listen ?? [], upstreams, options };
  }

  #upstreams(service: string, value: unknown, offset: number): StaticUpstream[] {
    if (!Array.isArray(value)) {
      this.#complain(offset, `upstreams of ${service} must be a list, such as [localhost:8080]`);
      return [];
    }
    return value.flatMap((item: unknown) => {
      const { target: written, weight = 1 } = isObject(item) ? item : { target: item };
      const target = this.#check(targetSchema, textOf(written), `upstream of ${service}`, offset);
      const share = this.#check(upstreamOptions.weight.schema, textOf(weight), `weight in ${service}`, offset);
      return target === undefined || share === undefined ? [] : { target, weight: share };
    });
  }

  #checkRange(name: string, listen: StaticService['listen'], upstreams: readonly StaticUpstream[], at: number): void {
    const count = rangeLength(listen);
    if (count === 1) return;
    for (const { target } of upstreams) {
      const last = lastOf({ port: target.port, count });
      if (isUnix(target.host)) this.#complain(at, `${name} listens on a range; a Unix socket has no ports`);
      else if (last > lastPort) this.#complain(at, `the range of ${name} would end at port ${last} of ${target.host}`);
    }
  }

  /** The value that the schema makes of a text; undefined, with a mistake noted, where it refuses the text. */
  #check<T extends z.ZodType>(schema: T, value: unknown, name: string, offset: number): z.output<T> | undefined {
    // A list of one number would count as that number.
    const parsed = (typeof value === 'string' ? schema : z.never()).safeParse(value);
    if (parsed.success) return parsed.data;
    const refusal = refusalOf(parsed.error, value);
    const { port } = refusal.beside;
    const elsewhere = port === undefined ? '' : `; port ${port} belongs in upstreams, as in [HOST:${port}]`;
    this.#complain(
      offset,
      `${name} ${describeRefusal(port === undefined ? refusal : { ...refusal, beside: {} }, value)}${elsewhere}`,
    );
    return undefined;
  }

  #complain(offset: number, message: string): void {
    this.mistakes.push(this.#at(offset, message));
  }

  *#entries(map: YAMLMap): Generator<{ key: string; value: unknown; node: unknown; offset: number }> {
    for (const { key, value } of map.items) {
      const name = isScalar(key) ? String(key.value) : String(key);
      const plain: unknown = isNode(value) ? value.toJS(this.#document) : value;
      yield { key: name, value: plain, node: value, offset: offsetOf(key) };
    }
  }

  errorAt(offset: number, message: string): ConfigError {
    return new ConfigError(this.#at(offset, message));
  }

  #at(offset: number, message: string): string {
    const { line, col } = this.#lines.linePos(offset);
    return `${printable(this.#path)}:${line}:${col}: ${message}`;
  }
}

/** Why a service needs a listen address where others get names; undefined where it gets one. */
function whyUnnamed(
  { host, health, sni, tls, protocol }: RouteValues,
  upstreams: readonly StaticUpstream[],
): string | undefined {
  if (sni) return ', and with sni it gets no name';
  if (tls === 'terminate') return ', and with tls: terminate it gets no name';
  if (protocol === 'postgres') return ', and with protocol: postgres it gets no name';
  if (host || health?.kind === 'http') return undefined;
  const other = upstreams.find(({ target }) => protocolOfPort(target.port) !== undefined)?.target.port;
  return other === undefined ? undefined : `, and port ${other} (${protocolOfPort(other)}) gets no name`;
}

function unknownOption(key: string): string {
  if (isOption(key)) return `${key} is a container's label; a static service has listen, upstreams and pool options`;
  const known = ['upstreams', 'listen', ...staticOptionNames];
  return `unknown option ${quoted(key)}${suggestion(key, known)}`;
}

/**
 * The text of a value: YAML parses 5432 and true into a number and a boolean, but the schemas read text, as in labels.
 */
function textOf(value: unknown, { list: isList = false }: { readonly list?: boolean } = {}): unknown {
  if (Array.isArray(value)) return isList ? listText(value) : value;
  if (value === null) return '';
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : value;
}

/** A list of names, addresses or ranges stands for the same values separated by commas. */
function listText(values: readonly unknown[]): unknown {
  return values.every((one) => typeof textOf(one) === 'string') ? values.join(',') : values;
}

function isObject(value: unknown): value is { readonly target?: unknown; readonly weight?: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isNode(value: unknown): value is { toJS(document: Document): unknown } {
  return typeof value === 'object' && value !== null && 'toJS' in value;
}

function offsetOf(node: unknown): number {
  if (typeof node !== 'object' || node === null || !('range' in node) || !Array.isArray(node.range)) return 0;
  const start: unknown = node.range[0];
  return typeof start === 'number' ? start : 0;
}
