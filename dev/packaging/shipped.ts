import { readFileSync } from 'node:fs';
import type { Plugin } from 'rolldown';
import { noticesOf } from './notices.ts';
import { packagesOf } from './packages.ts';
import { sbomOf } from './sbom.ts';

/**
 * Adds to the bundle all else that is shipped with it: the dashboard, which vite builds, and what the law asks for, made
 * from the modules that are really in these files: the license of Sealane, those of all packages, and a bill of materials.
 */
export function shipped(): Plugin {
  return {
    name: 'shipped',
    async generateBundle(_options, bundle) {
      const dashboard = await buildDashboard();
      for (const part of dashboard) {
        const source = part.type === 'chunk' ? part.code : part.source;
        this.emitFile({ type: 'asset', fileName: `dashboard/${part.fileName}`, source });
      }
      const packages = packagesOf([...Object.values(bundle), ...dashboard].flatMap(modulesOf));
      const legal = {
        LICENSE: readFileSync('LICENSE', 'utf8'),
        'THIRD-PARTY-NOTICES.txt': noticesOf(packages),
        'sbom.cdx.json': `${JSON.stringify(sbomOf(packages), undefined, 2)}\n`,
      };
      for (const [fileName, source] of Object.entries(legal)) this.emitFile({ type: 'asset', fileName, source });
    },
  };
}

/** A file of a bundle, as rolldown and vite give it. */
interface BundledFile {
  readonly type: 'chunk' | 'asset';
  /** The modules of a chunk, by path. */
  readonly modules?: Readonly<Record<string, { readonly renderedLength: number }>>;
}

/** The modules that left something in the file. A style sheet is in a file of its own, and leaves nothing in its chunk. */
function modulesOf({ modules = {} }: BundledFile): string[] {
  return Object.entries(modules).flatMap(([id, { renderedLength }]) =>
    renderedLength > 0 || id.endsWith('.css') ? [id] : [],
  );
}

async function buildDashboard() {
  const { build } = await import('vite');
  const built = await build({ configFile: 'src/dashboard/vite.config.ts', build: { write: false } });
  if (!('output' in built)) throw new Error('vite built something else than one bundle');
  return built.output;
}
