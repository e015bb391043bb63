import { chmodSync } from 'node:fs';
import { defineConfig, type Plugin } from 'rolldown';
import { commitDefinition } from './dev/packaging/commit.ts';
import { lean } from './dev/packaging/lean.ts';
import { shipped } from './dev/packaging/shipped.ts';

/**
 * One entry for each kind of thread: `main.js` is the executable, `relay-worker.js` the code of a relay thread.
 * Commands are dynamic imports, so each becomes a chunk of its own and `--version` never pays for the Docker client.
 */
export default defineConfig({
  input: {
    main: 'src/main.ts',
    'relay-worker': 'src/relay/worker/worker.ts',
  },
  platform: 'node',
  transform: { define: commitDefinition() },
  plugins: [lean(), shipped(), executable()],
  output: {
    dir: 'dist',
    format: 'esm',
    cleanDir: true,
    // pino uses `__dirname` to find its worker, which ES modules do not define.
    intro: 'const __dirname = import.meta.dirname, __filename = import.meta.filename;',
    minify: { compress: true, mangle: false, codegen: false },
    entryFileNames: '[name].js',
    chunkFileNames: 'chunks/[name]-[hash].js',
  },
});

/** A command that is linked to this checkout, as `npm install --global .` does, must survive the next build. */
function executable(): Plugin {
  return { name: 'executable', writeBundle: () => chmodSync('dist/main.js', 0o755) };
}
