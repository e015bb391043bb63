import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

/**
 * Finds the packages that bundled modules belong to. A package whose license is unknown, or not among those that may be
 * shipped, fails the build.
 */
export interface ShippedPackage {
  readonly name: string;
  readonly version: string;
  /** The license's SPDX identifier. */
  readonly license: string;
  readonly author: string | undefined;
  /** The texts of its license and notice files. */
  readonly texts: readonly string[];
  /** The names of the packages that it needs, shipped or not. */
  readonly needs: readonly string[];
}

/** Licenses that ask for no more than their text beside the program. */
const permitted: ReadonlySet<string> = new Set(['0BSD', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', 'ISC', 'MIT']);

const manifestSchema = z.object({
  name: z.string(),
  version: z.string(),
  license: z.string().optional(),
  author: z
    .union([z.string(), z.object({ name: z.string() })])
    .transform((author) => (typeof author === 'string' ? author : author.name))
    .optional(),
  dependencies: z.record(z.string(), z.string()).default({}),
});

/** The packages of these modules, sorted by name and version, each once. */
export function packagesOf(modules: readonly string[]): readonly ShippedPackage[] {
  const folders = new Set(modules.flatMap((id) => packageFolder(id) ?? []));
  const byKey = new Map([...folders].map(readPackage).map((found) => [`${found.name} ${found.version}`, found]));
  return [...byKey].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, found]) => found);
}

/**
 * The innermost package folder in a module's path, which may follow a mark such as `\0`. A bundler's own code, such as
 * `\0rolldown/runtime.js`, has no path.
 */
function packageFolder(id: string): string | undefined {
  const [, bundler] = /^\0(rolldown|vite)\//.exec(id) ?? [];
  if (bundler !== undefined) return join('node_modules', bundler);
  return /^\0?(.*\/node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(id)?.[1];
}

function readPackage(folder: string): ShippedPackage {
  const manifest = manifestSchema.parse(JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')));
  const { name, version, license, author, dependencies } = manifest;
  if (license === undefined || !permitted.has(license)) {
    const known = [...permitted].join(', ');
    throw new Error(
      `${name} ${version} can't be shipped: its license is ${license ?? 'not told'}, and not one of ${known}`,
    );
  }
  const texts = readdirSync(folder)
    .filter((file) => /^(?:licen[cs]e|copying|notice)(?:[.-].*)?(?<!\.[cm]?[jt]s)$/i.test(file))
    .toSorted()
    .map((file) => readFileSync(join(folder, file), 'utf8').trim());
  return { name, version, license, author, texts, needs: Object.keys(dependencies) };
}
