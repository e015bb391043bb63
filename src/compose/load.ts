import { dirname, join, resolve } from 'node:path';
import { parseEnv } from 'node:util';
import { quoted } from '../text/printable.ts';
import { interpolate, type Variables } from './interpolate.ts';
import { mergeMappings } from './merge.ts';
import { ComposeError } from './location.ts';
import { asMapping, itemsOf, textsOf } from './shape.ts';
import { parseTrees, type MappingEntry, type Mapping, type Remark, type Tree } from './tree.ts';

/**
 * Reads compose files as compose does: variables from the environment and `.env`, `extends`, `include`, and each file
 * over the one before.
 */
export interface Loader {
  /** The text of a file. @throws ConfigError when it can't be read */
  readonly read: (path: string) => Promise<string>;
  readonly exists: (path: string) => Promise<boolean>;
  /** Prints a path for people. */
  readonly show: (path: string) => string;
}

interface Scope {
  /** The folder that relative paths start from. */
  readonly folder: string;
  readonly variables: Variables;
}

/** The deepest chain of includes; only files that include one another in a circle exceed it. */
const maxDepth = 30;
/** The most files that are read: two includes in each file of a chain would be a billion at its end. */
const maxLoads = 1_000;

/** The merged files, and what is remarkable in their values. */
interface LoadedCompose {
  readonly root: Mapping;
  readonly remarks: readonly Remark[];
}

/** Loads and merges the files at `paths`. @throws ComposeError @throws ConfigError when a file can't be read */
export async function loadCompose(paths: readonly string[], scope: Scope, loader: Loader): Promise<LoadedCompose> {
  const files = new Files(loader);
  const layers: Mapping[] = [];
  for (const path of paths) layers.push(await files.layer(path, scope, 0));
  const [first, ...others] = layers;
  if (!first) throw new RangeError('no compose file');
  return { root: others.reduce(mergeMappings, first), remarks: files.remarks };
}

class Files {
  readonly remarks: Remark[] = [];
  readonly #loader: Loader;
  /** Files that were read, by variables and path: a file that many services extend is read once. */
  readonly #roots = new Map<Variables, Map<string, Mapping>>();
  #loads = 0;

  constructor(loader: Loader) {
    this.#loader = loader;
  }

  /** Loads one file with all that it includes, and with its `extends` resolved. */
  async layer(path: string, scope: Scope, depth: number): Promise<Mapping> {
    const root = await this.#root(path, scope);
    const services = new Map<string, MappingEntry>();
    for (const [name, entry] of sectionOf(root, 'services')) {
      services.set(name, { ...entry, value: await this.#extended(name, entry.value, { path, scope, root }, 0) });
    }
    const own: Mapping = withSection(root, 'services', services);
    let layer: Mapping | undefined;
    for (const one of itemsOf(root.entries.get('include')?.value)) {
      if (depth >= maxDepth) throw new ComposeError(one.location, 'files include one another in a circle');
      const included = await this.#included(one, scope, depth);
      layer = layer ? mergeMappings(layer, included) : included;
    }
    return layer ? mergeMappings(layer, own) : own;
  }

  async #root(path: string, { variables }: Scope): Promise<Mapping> {
    const known = this.#roots.get(variables) ?? new Map<string, Mapping>();
    this.#roots.set(variables, known);
    const root = known.get(path) ?? (await this.#load(path, variables));
    known.set(path, root);
    return root;
  }

  async #load(path: string, variables: Variables): Promise<Mapping> {
    const shown = this.#loader.show(path);
    const start = { file: shown, line: 1, column: 1 };
    this.#loads += 1;
    if (this.#loads > maxLoads) {
      throw new ComposeError(
        start,
        `${maxLoads} files were read before this one: they include the same again and again`,
      );
    }
    const trees = parseTrees(await this.#loader.read(path), shown, variables, this.remarks);
    const maps = trees.map((tree) => {
      if (tree.kind === 'map') return tree;
      throw new ComposeError(tree.location, 'a compose file must be a mapping with `services`');
    });
    const [first, ...others] = maps;
    if (!first) throw new ComposeError(start, 'the file is empty');
    return others.reduce(mergeMappings, first);
  }

  async #included(item: Tree, scope: Scope, depth: number): Promise<Mapping> {
    const long = item.kind === 'map' ? item.entries : undefined;
    const paths = long ? textsOf(long.get('path')?.value) : textsOf(item);
    const [main] = paths;
    if (main === undefined) throw new ComposeError(item.location, 'include needs a path');
    const given = textsOf(long?.get('project_directory')?.value)[0];
    const folder = given === undefined ? dirname(resolve(scope.folder, main)) : resolve(scope.folder, given);
    const envFiles = textsOf(long?.get('env_file')?.value).map((one) => resolve(scope.folder, one));
    const variables = await this.#variables(envFiles.length > 0 ? envFiles : [join(folder, '.env')], scope.variables);
    let layer: Mapping | undefined;
    for (const path of paths) {
      const next = await this.layer(resolve(scope.folder, path), { folder, variables }, depth + 1);
      layer = layer ? mergeMappings(layer, next) : next;
    }
    return layer ?? { ...item, kind: 'map', entries: new Map() };
  }

  /** The variables of a file's own env files, which give way to the outer ones. */
  async #variables(envFiles: readonly string[], outer: Variables): Promise<Variables> {
    const own = await readEnvFiles(envFiles, outer, this.#loader);
    return (name) => outer(name) ?? own.get(name);
  }

  async #extended(
    name: string,
    service: Tree,
    from: { readonly path: string; readonly scope: Scope; readonly root: Mapping },
    depth: number,
  ): Promise<Tree> {
    if (service.kind !== 'map') return service;
    const reference = service.entries.get('extends')?.value;
    if (!reference) return service;
    if (depth >= maxDepth) throw new ComposeError(reference.location, `service ${quoted(name)} extends itself`);
    const [target, file] =
      reference.kind === 'map'
        ? [
            textsOf(reference.entries.get('service')?.value)[0] ?? name,
            textsOf(reference.entries.get('file')?.value)[0],
          ]
        : [textsOf(reference)[0] ?? name, undefined];
    const path = file === undefined ? from.path : resolve(dirname(from.path), file);
    const root = file === undefined ? from.root : await this.#root(path, from.scope);
    const base = sectionOf(root, 'services').get(target)?.value;
    if (base?.kind !== 'map') {
      throw new ComposeError(reference.location, `there is no service ${quoted(target)} to extend`);
    }
    const below = await this.#extended(target, base, { ...from, path, root }, depth + 1);
    const own: Mapping = withoutExtends(service);
    return below.kind === 'map' ? mergeMappings(below, own) : own;
  }
}

/** The variables of `.env` files, later files over earlier ones; a missing file has none unless it was `named`. */
export async function readEnvFiles(
  paths: readonly string[],
  outer: Variables,
  loader: Loader,
  named = false,
): Promise<ReadonlyMap<string, string>> {
  const variables = new Map<string, string>();
  for (const path of paths) {
    if (!named && !(await loader.exists(path))) continue;
    for (const [name, value = ''] of Object.entries(parseEnv(await loader.read(path)))) {
      const filled = interpolate(value, (other) => outer(other) ?? variables.get(other));
      variables.set(name, filled.kind === 'text' ? filled.text : value);
    }
  }
  return variables;
}

/** The entries of a top-level section. @throws ComposeError when the section is not a mapping */
export function sectionOf(root: Mapping, name: string): ReadonlyMap<string, MappingEntry> {
  const section = root.entries.get(name);
  if (!section) return new Map();
  const mapping = section.value.kind === 'list' ? undefined : asMapping(section.value);
  if (!mapping) throw new ComposeError(section.value.location, `\`${name}\` must be a mapping`);
  return mapping.entries;
}

function withSection(root: Mapping, name: string, entries: ReadonlyMap<string, MappingEntry>): Mapping {
  const section = root.entries.get(name);
  if (!section) return root;
  const value: Mapping = { ...section.value, kind: 'map', entries };
  return { ...root, entries: new Map(root.entries).set(name, { ...section, value }) };
}

function withoutExtends(service: Mapping): Mapping {
  const entries = new Map(service.entries);
  entries.delete('extends');
  return { ...service, entries };
}
