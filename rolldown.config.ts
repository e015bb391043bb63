import { defineConfig } from 'rolldown';

/**
 * One entry for each process and thread: `main.js` is the executable, `relay-worker.js` what a relay thread runs,
 * `engine-keeper.js` the process that looks after a private engine. Commands are
 * dynamic imports, so each becomes a chunk of its own and `--version` never pays for the Docker client.
 */
export default defineConfig({
  input: {
    main: 'src/main.ts',
    'relay-worker': 'src/relay/worker.ts',
    'engine-keeper': 'src/demo/engine/keeper.ts',
  },
  platform: 'node',
  // ssh2's native accelerators are optional: it falls back to JavaScript where they are absent.
  external: [/\.node$/, 'cpu-features'],
  output: {
    dir: 'dist',
    format: 'esm',
    cleanDir: true,
    minify: { compress: true, mangle: false, codegen: false },
    entryFileNames: '[name].js',
    chunkFileNames: 'chunks/[name]-[hash].js',
  },
});
