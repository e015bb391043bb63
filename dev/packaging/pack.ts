import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { npmManifest, npmReadme } from './npm-page.ts';

/**
 * `prepack` and `postpack` of npm (https://docs.npmjs.com/cli/using-npm/scripts). Before packing it builds, and gives
 * package.json and README.md the form that they have in the package; afterwards it puts back what was there. npm reads
 * package.json again after `prepack`.
 */
const root = join(import.meta.dirname, '../..');
/** The originals, while the files have the form of the package. */
const kept = join(root, 'node_modules/.cache/sealane-pack');

putBack();
if (process.argv[2] !== 'after') {
  // npm's own standard output may be read by a program.
  const stdio = ['ignore', process.stderr, 'inherit'] as const;
  const build = spawnSync('npm', ['run', '--silent', 'build'], { cwd: root, stdio: [...stdio] });
  if (build.status === 0) prepare();
  else process.exitCode = 1;
}

function prepare(): void {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Parameters<typeof npmManifest>[0];
  exchange('package.json', () => `${JSON.stringify(npmManifest(manifest), undefined, 2)}\n`);
  exchange('README.md', (readme) => npmReadme(readme, manifest));
}

function exchange(file: string, packed: (original: string) => string): void {
  const original = readFileSync(join(root, file), 'utf8');
  const text = packed(original);
  mkdirSync(kept, { recursive: true });
  writeFileSync(join(kept, `${file}.packed`), text);
  writeFileSync(join(kept, file), original);
  writeFileSync(join(root, file), text);
}

/** Also after a `prepack` that no `postpack` followed. A file that was edited since then stays. */
function putBack(): void {
  for (const file of ['package.json', 'README.md']) {
    const original = join(kept, file);
    if (!existsSync(original)) continue;
    const now = readFileSync(join(root, file), 'utf8');
    if (now === readFileSync(`${original}.packed`, 'utf8')) writeFileSync(join(root, file), readFileSync(original));
    else process.stderr.write(`${file} was edited while it had its form of the package; it stays as it is\n`);
  }
  rmSync(kept, { recursive: true, force: true });
}
