import { defineConfig } from 'vite';

/**
 * Builds the dashboard to static files that the admin port serves (src/admin/static.ts), as a part of the bundle
 * (dev/packaging/shipped.ts). Nothing is inlined: the page's
 * Content-Security-Policy allows no inline script or style, and no data: URL.
 */
export default defineConfig({
  root: import.meta.dirname,
  base: '/',
  publicDir: false,
  logLevel: 'warn',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: '../../dist/dashboard',
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // Browsers of 2024 and later know light-dark(), so it is not rewritten.
    target: ['chrome123', 'firefox121', 'safari17.5'],
    reportCompressedSize: false,
  },
});
