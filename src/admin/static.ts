import { createHash } from 'node:crypto';
import { extname } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { Hono } from 'hono';
import { builtFiles, type BuiltFiles } from '../built/files.ts';

/**
 * Serves the dashboard's files, as vite built them. They are read once, at the first request; afterwards a path is
 * looked up among the names that were there, never in the file system. app.ts adds the security headers.
 */
interface Asset {
  readonly plain: Uint8Array<ArrayBuffer>;
  readonly gzipped: Uint8Array<ArrayBuffer>;
  readonly headers: Readonly<Record<string, string>>;
}

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

const compress = promisify(gzip);

/** The page's files are those that the build puts into this folder. */
const folder = 'dashboard/';

export function createDashboard(files: BuiltFiles = builtFiles()): Hono {
  let loading: Promise<ReadonlyMap<string, Asset>> | undefined;
  const app = new Hono();
  app.get('*', async (context, next) => {
    // A failure is not remembered: a build may be under way.
    loading ??= readAssets(files).catch(() => {
      loading = undefined;
      return new Map();
    });
    const assets = await loading;
    const { path } = context.req;
    const asset = assets.get(path === '/' ? '/index.html' : path);
    if (!asset) {
      if (path !== '/') return next();
      return context.text('This build has no dashboard: npm run build makes it. The API is at /api/services.\n', 404);
    }
    const { etag = '' } = asset.headers;
    if (context.req.header('if-none-match') === etag) return context.body(null, 304, asset.headers);
    const packed = /\bgzip\b/.test(context.req.header('accept-encoding') ?? '');
    return context.body(packed ? asset.gzipped : asset.plain, 200, {
      ...asset.headers,
      ...(packed ? { 'content-encoding': 'gzip' } : {}),
    });
  });
  return app;
}

async function readAssets(files: BuiltFiles): Promise<ReadonlyMap<string, Asset>> {
  const assets = new Map<string, Asset>();
  for (const file of await files.paths()) {
    if (!file.startsWith(folder)) continue;
    const path = `/${file.slice(folder.length)}`;
    assets.set(path, await toAsset(path, await files.read(file)));
  }
  return assets;
}

async function toAsset(path: string, bytes: Uint8Array): Promise<Asset> {
  return {
    plain: new Uint8Array(bytes),
    gzipped: new Uint8Array(await compress(bytes, { level: 9 })),
    headers: {
      'content-type': types[extname(path)] ?? 'application/octet-stream',
      // The names of assets contain a hash of their content.
      'cache-control': path.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache',
      etag: `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"`,
      vary: 'accept-encoding',
    },
  };
}
