/**
 * The URL of the relay thread's module, relative to this one. From source it is `../worker/worker.ts`; the bundler puts
 * it at the root of its output folder, and this module either there, too, or into `chunks/`.
 */
export function workerUrl(from: string = import.meta.url): URL {
  if (from.endsWith('.ts')) return new URL('../worker/worker.ts', from);
  return new URL(/\/chunks\/[^/]*$/.test(from) ? '../relay-worker.js' : './relay-worker.js', from);
}
