import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { posix } from 'node:path';
import { parseSync, Visitor } from 'rolldown/utils';

/**
 * Reads the imports between the source files of this project with the bundler's parser: imports, re-exports, dynamic
 * imports and type imports alike.
 */

/** Each file with the files that it imports, as sorted paths relative to the folder that was read. */
export type ImportGraph = ReadonlyMap<string, readonly string[]>;

/** Reads all TypeScript files beneath `folder`. */
export function readImportGraph(folder: string): ImportGraph {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => name.split('\\').join('/'));
  const files = names.filter((name) => /\.tsx?$/.test(name)).toSorted();
  return new Map(files.map((file) => [file, importsOf(file, readFileSync(join(folder, file), 'utf8'))]));
}

/** The files that `text`, the source of `file`, imports by a relative path. Packages are left out. */
export function importsOf(file: string, text: string): readonly string[] {
  const { module, program, errors } = parseSync(file, text);
  if (errors.length > 0) throw new Error(`${file} can't be parsed: ${errors[0]?.message}`);
  const specifiers = [
    ...module.staticImports.map(({ moduleRequest }) => moduleRequest.value),
    ...module.staticExports.flatMap(({ entries }) =>
      entries.flatMap(({ moduleRequest }) => moduleRequest?.value ?? []),
    ),
  ];
  new Visitor({
    ImportExpression({ source }) {
      if (source.type === 'Literal' && typeof source.value === 'string') specifiers.push(source.value);
    },
    TSImportType({ source }) {
      specifiers.push(source.value);
    },
  }).visit(program);
  const relative = specifiers.filter((specifier) => specifier.startsWith('.'));
  return [...new Set(relative.map((specifier) => posix.join(posix.dirname(file), specifier)))].toSorted();
}

/** The import cycles: each is a sorted group of files that reach one another. */
export function cyclesOf(graph: ImportGraph): string[][] {
  const reaches = new Map([...graph.keys()].map((file) => [file, reachedFrom(graph, file)]));
  const groups = new Map<string, string[]>();
  for (const [file, reached] of reaches) {
    if (!reached.has(file)) continue;
    const group = [...reached].filter((other) => reaches.get(other)?.has(file)).toSorted();
    groups.set(group.join(), group);
  }
  return [...groups.values()];
}

function reachedFrom(graph: ImportGraph, start: string): ReadonlySet<string> {
  const reached = new Set<string>();
  const open = [...(graph.get(start) ?? [])];
  for (let file = open.pop(); file !== undefined; file = open.pop()) {
    if (reached.has(file)) continue;
    reached.add(file);
    open.push(...(graph.get(file) ?? []));
  }
  return reached;
}
