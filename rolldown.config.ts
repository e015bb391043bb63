import { chmodSync } from 'node:fs';
import { defineConfig, type Plugin, type RolldownOptions } from 'rolldown';
import { commitDefinition } from './dev/packaging/commit.ts';
import { lean } from './dev/packaging/lean.ts';
import { shipped } from './dev/packaging/shipped.ts';

/** What both the executable and a relay thread are built with. */
const shared = {
  platform: 'node',
  output: {
    dir: 'dist',
    format: 'esm',
    // Node reads all of a file at each start.
    comments: false,
    minify: { compress: true, mangle: false, codegen: false },
    entryFileNames: '[name].js',
    chunkFileNames: 'chunks/[name]-[hash].js',
  },
} as const satisfies RolldownOptions;

/** What a Sealane that serves shares with the commands that ask one. */
const sharedWithClients = [
  'admin/derived-fields',
  'catalog/(?:upstream|service-state)\\.ts',
  'cli/colours',
  'config/load',
  'deprecations',
  'telemetry/recent-sessions',
];

/** What a Sealane that serves shares with commands that ask none, such as `check` and `cert`. */
const sharedWithOthers = [
  'built/',
  'certificates/(?:authority-place|certificate-name|read-certificate)',
  'config/default-bind',
  'network/direct-networks',
  'relay/driver/choose-driver',
  'time/',
];

/**
 * What is always loaded together is one chunk: the modules of `test`, with all that they import and no group above has.
 * Node takes half a millisecond for each file, and left to itself rolldown makes one for each combination of commands
 * that share a module: 68 for a Sealane that relays.
 */
const groups = [
  { name: 'program', test: /\/src\/(?:cli\/execute\.ts$|text\/|address\/)|\0builtin:/ },
  { name: 'shared-with-clients', test: new RegExp(`/src/(?:${sharedWithClients.join('|')})`) },
  { name: 'client', test: /\/src\/cli\/(?:client|render|colours|progress)/ },
  { name: 'shared-with-others', test: new RegExp(`/src/(?:${sharedWithOthers.join('|')})`) },
  { name: 'serving', test: /\/src\/(?:cli\/serving-log|daemon\/start)/ },
  { name: 'discovery', test: /\/src\/(?:catalog|discovery(?!\/watcher)|docker\/engine)\b/ },
  { name: 'watching', test: /\/src\/(?:daemon\/engine-watch|docker\/parse)/ },
];

/**
 * `main.js` is the executable, `relay-worker.js` the code of a relay thread, in one file. Commands are dynamic imports,
 * so each becomes a chunk of its own and `--version` never pays for the Docker client.
 */
export default defineConfig([
  {
    ...shared,
    input: { main: 'src/main.ts' },
    transform: { define: commitDefinition() },
    plugins: [lean(), shipped(), executable()],
    output: {
      ...shared.output,
      cleanDir: true,
      // pino uses `__dirname` to find its worker, which ES modules do not define.
      intro: 'const __dirname = import.meta.dirname, __filename = import.meta.filename;',
      codeSplitting: { groups },
    },
  },
  { ...shared, input: { 'bulk-thread': 'src/relay/driver/splice/bulk/thread.ts' }, plugins: [lean()] },
  { ...shared, input: { 'relay-worker': 'src/relay/worker/worker.ts' }, plugins: [lean()] },
]);

/** A command that is linked to this checkout, as `npm install --global .` does, must survive the next build. */
function executable(): Plugin {
  return { name: 'executable', writeBundle: () => chmodSync('dist/main.js', 0o755) };
}
