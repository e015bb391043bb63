import { chmodSync } from 'node:fs';
import { defineConfig, type Plugin } from 'rolldown';
import { thirdPartyNotices } from './third-party-notices.ts';

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
  plugins: [leanZod(), leanDockerode(), leanStringWidth(), leanBuiltins(), thirdPartyNotices(), executable()],
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

/**
 * `@hono/zod-openapi` exports all of zod again, with its messages in fifty languages: 400 kB, of which it needs one class.
 */
function leanZod(): Plugin {
  const id = '\0lean-zod';
  return {
    name: 'lean-zod',
    resolveId: (source, importer) => (source === 'zod' && importer?.includes('@hono/zod-openapi') ? id : undefined),
    load: (loaded) => (loaded === id ? "import { ZodType } from 'zod'; export const z = { ZodType };" : undefined),
  };
}

/**
 * dockerode always loads gRPC, for builds with BuildKit, and an SSH client of its own: 1.4 MB, a fifth of a second at
 * each start. Sealane builds no images, and reaches an engine over SSH with OpenSSH.
 */
function leanDockerode(): Plugin {
  const unused = /\/(?:dockerode\/lib\/(?:session|buildkit)|docker-modem\/lib\/ssh)\.js$/;
  return {
    name: 'lean-dockerode',
    load: (loaded) =>
      unused.test(loaded)
        ? "module.exports = () => { throw new Error('This part is not in the bundle.'); };"
        : undefined,
  };
}

/** string-width makes a segmenter as it is loaded, which takes 15 ms. Texts of ASCII, as most are, never need it. */
function leanStringWidth(): Plugin {
  const eager = 'const segmenter = new Intl.Segmenter();';
  const late = 'const segmenter = { segment: (text) => (segmenter.made ??= new Intl.Segmenter()).segment(text) };';
  return {
    name: 'lean-string-width',
    transform(code, id) {
      if (!id.endsWith('/string-width/index.js')) return undefined;
      if (!code.includes(eager)) throw new Error('string-width no longer makes the segmenter that is to be made late');
      return code.replace(eager, late);
    },
  };
}

/**
 * An import of one of these modules reads all that it exports, and with it loads what Node would load when first used:
 * `node:http` alone brings the whole of `fetch` and WebSocket. A module that is got from the process is read as used.
 */
export function leanBuiltins(): Plugin {
  const wide = /^(?:node:)?(http|http2|https|crypto|fs|tls)$/;
  return {
    name: 'lean-builtins',
    resolveId: (source) => {
      const [, name] = wide.exec(source) ?? [];
      return name === undefined ? undefined : `\0builtin:${name}`;
    },
    load: (id) =>
      id.startsWith('\0builtin:')
        ? `module.exports = process.getBuiltinModule('node:${id.slice('\0builtin:'.length)}');`
        : undefined,
  };
}
