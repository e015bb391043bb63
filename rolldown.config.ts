import { defineConfig } from 'rolldown';

/**
 * One entry for each kind of thread: `main.js` is the executable, `relay-worker.js` the code of a relay thread. Commands
 * are dynamic imports, so each becomes a chunk of its own and `--version` never pays for the Docker client.
 */
export default defineConfig({
  input: {
    main: 'src/main.ts',
    'relay-worker': 'src/relay/worker/worker.ts',
  },
  platform: 'node',
  // ssh2's native accelerators are optional: it falls back to JavaScript where they are absent.
  external: [/\.node$/, 'cpu-features'],
  output: {
    dir: 'dist',
    format: 'esm',
    cleanDir: true,
    // The Docker client's CommonJS libraries (protobufjs) ask where they are; an ES module knows it by another name.
    intro: 'const __dirname = import.meta.dirname, __filename = import.meta.filename;',
    minify: { compress: true, mangle: false, codegen: false },
    entryFileNames: '[name].js',
    chunkFileNames: 'chunks/[name]-[hash].js',
  },
});
