import { join } from 'node:path';
import { tempFolder } from '../temp-folder.ts';
import { runToEnd } from './workflow-step.ts';

/** The package as npm would publish it, of what was built, and a cache of npm's own for those that install it. */
export interface Packed extends AsyncDisposable {
  readonly tarball: string;
  readonly environment: NodeJS.ProcessEnv;
}

export async function packSealane(): Promise<Packed> {
  const folder = await tempFolder();
  // The build has run already.
  const args = ['pack', '--silent', '--ignore-scripts', '--pack-destination', folder.path];
  const { code, stdout, stderr } = await runToEnd('npm', args);
  if (code !== 0) throw new Error(`npm pack failed: ${stderr}`);
  const tarball = join(folder.path, stdout.trim());
  return {
    tarball,
    environment: { SEALANE_PACKAGE: tarball, npm_config_cache: join(folder.path, 'cache') },
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}
