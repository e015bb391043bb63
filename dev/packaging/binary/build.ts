import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'rolldown';
import { filesBeneath } from '../../../src/built/files.ts';
import { commitDefinition } from '../commit.ts';
import { lean } from '../lean.ts';
import { nodeLicense } from './node-license.ts';
import { binaryPath } from './path.ts';
import { stripElf } from './strip-elf.ts';

/**
 * `npm run build:binary`: Sealane and its Node as one file, made of the Node that runs this, for its own platform
 * (https://nodejs.org/api/single-executable-applications.html). The files of `dist/` that
 * are no code are in it, as they are there, so `npm run build` comes first.
 *
 * All code of the control thread is one CommonJS script here: Node keeps what V8 has compiled of such a script in the
 * file, which makes the start faster than from `dist/`. The modules in it still run only when they are first needed.
 */
const root = fileURLToPath(new URL('../../..', import.meta.url));
const dist = filesBeneath(new URL('../../../dist/', import.meta.url));
const folder = await mkdtemp(join(tmpdir(), 'sealane-binary-'));
try {
  const bundle = join(folder, 'bundle');
  await bundleTo(bundle, 'main', 'src/single-executable.ts');
  await bundleTo(bundle, 'relay-worker', 'src/relay/worker/worker.ts');
  await bundleTo(bundle, 'bulk-thread', 'src/relay/driver/splice/bulk/thread.ts');
  const node = await realpath(process.execPath);
  const config = join(folder, 'config.json');
  await mkdir(dirname(binaryPath), { recursive: true });
  await writeFile(
    config,
    JSON.stringify({
      // Two builds are the same bytes: the path of the script is in the executable, so it is the same in each build, and
      // V8 draws no random numbers while it compiles (--random-seed).
      main: 'bundle/main.js',
      executable: await strippedNode(node),
      output: binaryPath,
      disableExperimentalSEAWarning: true,
      useCodeCache: true,
      // NODE_OPTIONS is meant for programs that are run by a Node.
      execArgvExtension: 'none',
      assets: {
        ...(await builtAssets()),
        'relay-worker.js': join(bundle, 'relay-worker.js'),
        'bulk-thread.js': join(bundle, 'bulk-thread.js'),
        'NODE-LICENSE.txt': nodeLicense(node),
      },
    }),
  );
  execFileSync(node, ['--random-seed=1', '--build-sea', config], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  // macOS runs no program whose signature does not fit; `-` signs it for this machine. A release signs it anew.
  if (process.platform === 'darwin') execFileSync('codesign', ['--sign', '-', binaryPath]);
  process.stdout.write(`${binaryPath}\n`);
} finally {
  await rm(folder, { recursive: true, force: true });
}

async function bundleTo(target: string, name: string, input: string): Promise<void> {
  await build({
    input: { [name]: join(root, input) },
    platform: 'node',
    transform: { define: commitDefinition() },
    plugins: [lean()],
    logLevel: 'warn',
    output: {
      dir: target,
      format: 'cjs',
      codeSplitting: false,
      // A stack trace names the script by this.
      outro: `//# sourceURL=${name}.js`,
      minify: { compress: true, mangle: false, codegen: false },
      entryFileNames: '[name].js',
    },
  });
}

/** The files of `dist/` that are no code of these threads, by their paths there. */
async function builtAssets(): Promise<Record<string, string>> {
  const paths = (await dist.paths()).filter((path) => !/^(?:main|relay-worker|bulk-thread)\.js$|^chunks\//.test(path));
  if (!paths.includes('dashboard/index.html')) throw new Error('dist/ has no dashboard: npm run build makes it');
  return Object.fromEntries(paths.map((path) => [path, join(root, 'dist', path)]));
}

async function strippedNode(node: string): Promise<string> {
  if (process.platform !== 'linux') return node;
  const stripped = join(folder, 'node');
  await writeFile(stripped, stripElf(await readFile(node)), { mode: 0o755 });
  return stripped;
}
