import type { Plugin } from 'rolldown';

/**
 * Plugins that keep out of the bundle what Sealane never uses of its libraries, and load late what it rarely uses.
 */
export function lean(): Plugin[] {
  return [leanZod(), leanDockerode(), leanPromClient(), leanStringWidth(), leanBuiltins(), ascii()];
}

const notInTheBundle = "module.exports = () => { throw new Error('This part is not in the bundle.'); };";

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
 * dockerode always loads gRPC, for builds with BuildKit, an SSH client of its own, and what packs the files of a build:
 * 1.5 MB, a fifth of a second at each start. Sealane builds no images, and reaches an engine over SSH with OpenSSH. Of
 * dockerode's objects, it and its tour use containers, images and networks.
 * docker-modem also brings the streams of an old Node, which Node's own replace.
 */
function leanDockerode(): Plugin {
  const id = '\0not-in-the-bundle';
  const unused: readonly (readonly [importer: RegExp, source: RegExp])[] = [
    [/\/dockerode\/lib\//, /^(?:tar-fs|@balena\/dockerignore)$/],
    [/\/dockerode\/lib\//, /^\.\/(?:session|buildkit|exec|volume|plugin|service|task|node|secret|config)$/],
    [/\/docker-modem\/lib\//, /^\.\/ssh$/],
  ];
  return {
    name: 'lean-dockerode',
    resolveId: (source, importer = '') => {
      if (source === 'readable-stream' && importer.includes('/docker-modem/'))
        return { id: 'node:stream', external: true };
      return unused.some(([by, what]) => by.test(importer) && what.test(source)) ? id : undefined;
    },
    load: (loaded) => (loaded === id ? notInTheBundle : undefined),
  };
}

/** prom-client's other kinds of metrics, and ways to send them, take 15 ms to load. */
function leanPromClient(): Plugin {
  const unused = /\/prom-client\/lib\/(?:cluster|defaultMetrics|pushgateway|summary|exemplar)\.js$/;
  return {
    name: 'lean-prom-client',
    load: (loaded) => (unused.test(loaded) ? notInTheBundle : undefined),
  };
}

/** string-width makes a segmenter and regular expressions of emoji as it is loaded, which takes 35 ms. ASCII never needs them. */
function leanStringWidth(): Plugin {
  const segmenter = 'const segmenter = new Intl.Segmenter();';
  const late = 'const segmenter = { segment: (text) => (segmenter.made ??= new Intl.Segmenter()).segment(text) };';
  const expressions = /^const (\w+) = (\/.*\/v);$/gm;
  const lateExpression = 'const $1 = { test: (text) => $2.test(text), [Symbol.search]: (text) => text.search($2) };';
  return {
    name: 'lean-string-width',
    transform(code, id) {
      if (!id.endsWith('/string-width/index.js')) return undefined;
      if (!code.includes(segmenter))
        throw new Error('string-width no longer makes the segmenter that is to be made late');
      return code.replace(segmenter, late).replaceAll(expressions, lateExpression);
    },
  };
}

/**
 * An import of one of these modules reads all that it exports, and with it loads what Node would load when first used:
 * `node:http` alone brings the whole of `fetch` and WebSocket. A module that is got from the process is read as used;
 * what many a Sealane never uses is got when it is first used.
 */
export function leanBuiltins(): Plugin {
  const always = ['fs', 'net', 'process', 'util'];
  const seldom = ['assert', 'child_process', 'crypto', 'http', 'http2', 'https', 'tls', 'zlib'];
  const wide = new RegExp(`^(?:node:)?(${[...always, ...seldom].join('|')})$`);
  return {
    name: 'lean-builtins',
    resolveId: (source) => {
      const [, name] = wide.exec(source) ?? [];
      return name === undefined ? undefined : `\0builtin:${name}`;
    },
    load(id) {
      if (!id.startsWith('\0builtin:')) return undefined;
      const name = id.slice('\0builtin:'.length);
      if (name === 'net') return leanNet;
      return seldom.includes(name) ? lateBuiltin(name) : `module.exports = process.getBuiltinModule('node:${name}');`;
    },
  };
}

/** docker-modem makes an object with `https` as its prototype, and gives it a `request` of its own. */
function lateBuiltin(builtin: string): string {
  const names = Object.keys(process.getBuiltinModule(builtin) ?? {});
  return `
const late = (name) => ({
  enumerable: true,
  get: () => process.getBuiltinModule('node:${builtin}')[name],
  set(value) { Object.defineProperty(this, name, { value, writable: true, enumerable: true, configurable: true }); },
});
for (const name of ${JSON.stringify(names)}) Object.defineProperty(exports, name, late(name));`;
}

/** Node's regular expression of IPv6 addresses takes 10 ms to compile, and a text without a colon is none. */
const leanNet = `
const net = process.getBuiltinModule('node:net');
const isIPv6 = (text) => String(text).includes(':') && net.isIPv6(text);
const isIP = (text) => (net.isIPv4(text) ? 4 : isIPv6(text) ? 6 : 0);
module.exports = Object.setPrototypeOf({ isIPv6, isIP }, net);`;

/** V8 keeps the text of each module, with two bytes for each character as soon as one of them is not of Latin-1. */
function ascii(): Plugin {
  const escaped = (one: string): string => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return {
    name: 'ascii',
    generateBundle(_options, bundle) {
      for (const file of Object.values(bundle))
        if (file.type === 'chunk') file.code = file.code.replaceAll(/[^\0-\x7f]/g, escaped);
    },
  };
}
