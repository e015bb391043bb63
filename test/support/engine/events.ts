import { z } from 'zod';
import type { EngineClient } from '../../../src/demo/engine-client.ts';

/**
 * The engine's own account of its containers, with its own times: what measurements and verdicts are held against.
 */
export interface ContainerEvent {
  readonly id: string;
  readonly action: string;
  /** Milliseconds since the epoch, with the engine's fractions. */
  readonly atMs: number;
  /** When it reached us, by the same clock. */
  readonly heardAtMs: number;
  /** Of a `kill`. */
  readonly signal: number | undefined;
}

export interface EngineEvents extends Disposable {
  /** In the order in which they came. */
  readonly seen: readonly ContainerEvent[];
  /** The first such event to come. */
  next(id: string, action: string): Promise<ContainerEvent>;
}

const eventSchema = z
  .object({
    Action: z.string(),
    timeNano: z.number(),
    Actor: z.object({ ID: z.string(), Attributes: z.record(z.string(), z.string()) }),
  })
  .transform(({ Action, timeNano, Actor }): ContainerEvent => {
    const signal = Actor.Attributes['signal'];
    // Beyond 2^53 the last digits of nanoseconds are lost; microseconds are not.
    return {
      id: Actor.ID,
      action: Action,
      atMs: timeNano / 1e6,
      heardAtMs: performance.timeOrigin + performance.now(),
      signal: signal === undefined ? undefined : Number(signal),
    };
  });

export async function followEvents(client: EngineClient): Promise<EngineEvents> {
  const stream = await client.getEvents({ filters: { type: ['container'] } });
  const seen: ContainerEvent[] = [];
  const waiting = new Set<(event: ContainerEvent) => void>();
  let rest = '';
  stream.on('data', (chunk: Buffer) => {
    const lines = (rest + String(chunk)).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const event = eventSchema.parse(JSON.parse(line));
      seen.push(event);
      for (const tell of waiting) tell(event);
    }
  });
  stream.on('error', () => undefined);
  return {
    seen,
    next: (id, action) =>
      new Promise((resolve) => {
        const tell = (event: ContainerEvent): void => {
          if (event.id !== id || event.action !== action) return;
          waiting.delete(tell);
          resolve(event);
        };
        waiting.add(tell);
      }),
    [Symbol.dispose]: () => void ('destroy' in stream && (stream as { destroy(): void }).destroy()),
  };
}
