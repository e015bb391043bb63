import { z } from 'zod';
import type { EngineClient } from '../../../src/demo/engine-client.ts';

/**
 * Follows the engine's container events with the engine's times, the reference for measurements and verdicts.
 */
export interface ContainerEvent {
  readonly id: string;
  readonly action: string;
  /** The engine's time of the event, in milliseconds since the epoch with fractions. */
  readonly atMs: number;
  /** When the event reached this process, by the same clock. */
  readonly heardAtMs: number;
  /** The signal of a `kill` event. */
  readonly signal: number | undefined;
}

export interface EngineEvents extends Disposable {
  /** All events so far, in the order of their arrival. */
  readonly seen: readonly ContainerEvent[];
  /** Resolves with the next event of this container and action. */
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
    // Nanoseconds beyond 2^53 lose their last digits as a number; microseconds stay exact.
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
