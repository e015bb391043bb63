import { get } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';

/**
 * Opens so many connections a second, each for one HTTP request to a `whoami`, and counts who answered.
 */
export interface RequestLoad extends AsyncDisposable {
  /** The answers by name since the start; a failed request counts under its error. */
  readonly answers: ReadonlyMap<string, number>;
  /** How many answers there are of this name, or of an error. */
  of(name: string): number;
  /** Resolves once this name has given so many more answers. */
  more(name: string, count?: number): Promise<void>;
  /** Ends the load once each request has its answer; resolves with what was no answer of these names. */
  stop(...names: readonly string[]): Promise<{ readonly made: number; readonly failed: Record<string, number> }>;
}

export function startRequestLoad(port: number, { perSecond = 200, host = '127.0.0.1' } = {}): RequestLoad {
  const answers = new Map<string, number>();
  const waiting = new Set<() => void>();
  const open = new Set<Promise<void>>();
  const of = (name: string): number => answers.get(name) ?? 0;
  const ask = async (): Promise<void> => {
    const name = await whoIs(port, host);
    answers.set(name, of(name) + 1);
    for (const check of waiting) check();
  };
  const startedMs = performance.now();
  let made = 0;
  const timer = setInterval(() => {
    for (const due = Math.floor(((performance.now() - startedMs) * perSecond) / 1_000); made < due; made++) {
      const asked = ask().finally(() => open.delete(asked));
      open.add(asked);
    }
  }, 5);
  const end = async (): Promise<void> => {
    clearInterval(timer);
    await Promise.all(open);
  };
  return {
    answers,
    of,
    async more(name, count = 1) {
      const wanted = of(name) + count;
      const reached = Promise.withResolvers<void>();
      const check = (): void => void (of(name) >= wanted && reached.resolve());
      waiting.add(check);
      await Promise.race([reached.promise, delay(30_000, undefined, { ref: false })]);
      waiting.delete(check);
      if (of(name) < wanted) throw new Error(`${name} did not answer: ${JSON.stringify([...answers])}`);
    },
    async stop(...names) {
      await end();
      return { made, failed: Object.fromEntries([...answers].filter(([name]) => !names.includes(name))) };
    },
    [Symbol.asyncDispose]: end,
  };
}

/** The name of the `whoami` that answers a new connection, or the error. */
export function whoIs(port: number, host = '127.0.0.1'): Promise<string> {
  return new Promise((resolve) => {
    const request = get({ host, port, agent: false, headers: { connection: 'close' } }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.on('end', () => resolve(/^Name: (.*)$/m.exec(text)?.[1] ?? 'an answer without a name'));
      response.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    });
    request.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  });
}
