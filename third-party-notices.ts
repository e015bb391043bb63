import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * A plugin of rolldown and vite that writes the licenses of all packages in the bundle to a file beside it, as most of
 * them demand. A package without a license fails the build.
 */
interface Bundled {
  readonly type: 'chunk' | 'asset';
  /** The modules of a chunk, by path. */
  readonly modules?: Readonly<Record<string, unknown>>;
}

interface NoticesPlugin {
  readonly name: string;
  generateBundle(
    this: { emitFile(file: { type: 'asset'; fileName: string; source: string }): unknown },
    options: unknown,
    bundle: Readonly<Record<string, Bundled>>,
  ): void;
}

export function thirdPartyNotices(): NoticesPlugin {
  return {
    name: 'third-party-notices',
    generateBundle(_options, bundle) {
      const modules = Object.values(bundle).flatMap((part) => Object.keys(part.modules ?? {}));
      this.emitFile({ type: 'asset', fileName: 'THIRD-PARTY-NOTICES.txt', source: noticesOf(modules) });
    },
  };
}

/** The notices of the packages that the modules belong to, each package once, by name. */
export function noticesOf(modules: readonly string[]): string {
  const folders = new Set(modules.flatMap((id) => packageFolder(id) ?? []));
  const notices = [...folders].map(noticeOf).toSorted((a, b) => (a < b ? -1 : 1));
  const intro = 'This program contains code of the packages below, each under its own license.';
  return `${[intro, ...new Set(notices)].join(`\n\n${'-'.repeat(80)}\n\n`)}\n`;
}

/** The innermost package folder in a module's path, which may follow a mark such as `\0`. */
function packageFolder(id: string): string | undefined {
  return /^\0?(.*\/node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(id)?.[1];
}

interface PackageJson {
  readonly name: string;
  readonly version: string;
  readonly license?: string;
  readonly author?: string | { readonly name: string };
}

function noticeOf(folder: string): string {
  const { name, version, license, author } = JSON.parse(
    readFileSync(join(folder, 'package.json'), 'utf8'),
  ) as PackageJson;
  const texts = readdirSync(folder).filter((file) =>
    /^(?:licen[cs]e|copying|notice)(?:[.-].*)?(?<!\.[cm]?[jt]s)$/i.test(file),
  );
  if (license === undefined && texts.length === 0) throw new Error(`${name} has no license`);
  const by = typeof author === 'object' ? author.name : author;
  const title = `${name} ${version}${license === undefined ? '' : ` (${license})`}${by === undefined ? '' : `, by ${by}`}`;
  return [title, ...texts.toSorted().map((file) => readFileSync(join(folder, file), 'utf8').trim())].join('\n\n');
}
