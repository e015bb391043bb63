import { createParser } from 'eventsource-parser';
import { z } from 'zod';

/**
 * Follows the timeline of a running Sealane over its admin API.
 */
export interface Timeline extends AsyncDisposable {
  /** Resolves to the time of the next thing that happens to an upstream of the service, in ms since the Unix epoch. */
  next(service: string): Promise<number>;
}

const eventSchema = z.object({ at: z.string(), event: z.string(), service: z.string().nullable() });

export async function followTimeline(admin: number): Promise<Timeline> {
  const ending = new AbortController();
  const response = await fetch(`http://127.0.0.1:${admin}/api/events`, { signal: ending.signal });
  const waiting = new Map<string, (atMs: number) => void>();
  const parser = createParser({
    onEvent({ event, data }) {
      if (event !== 'timeline') return;
      const { at, event: what, service } = eventSchema.parse(JSON.parse(data));
      if (service === null || !what.startsWith('upstream-')) return;
      waiting.get(service)?.(Date.parse(at));
      waiting.delete(service);
    },
  });
  const reading = read(response, (text) => parser.feed(text)).catch(() => undefined);
  return {
    next: (service) => new Promise((resolve) => waiting.set(service, resolve)),
    async [Symbol.asyncDispose]() {
      ending.abort();
      await reading;
    },
  };
}

async function read(response: Response, onText: (text: string) => void): Promise<void> {
  const decoder = new TextDecoder();
  for await (const chunk of response.body ?? []) onText(decoder.decode(chunk, { stream: true }));
}
