/**
 * Where the relay thread's code is, seen from the main thread's. From source it is `worker.ts` beside this file; the
 * bundler puts it at the root of its folder, and this file either there too or into `chunks/`.
 */
export function workerUrl(from: string = import.meta.url): URL {
  if (from.endsWith('.ts')) return new URL('../worker/worker.ts', from);
  return new URL(/\/chunks\/[^/]*$/.test(from) ? '../relay-worker.js' : './relay-worker.js', from);
}
