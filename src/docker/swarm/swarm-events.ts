import type { Readable } from 'node:stream';
import { createLineSplitter } from '../events/line-splitter.ts';
import { maxKeptBytes, type KeptShapes } from '../json/kept-shapes.ts';
import { swarmEventSchema } from './schema.ts';
import type { SwarmEvent } from './swarm-api.ts';

/**
 * Reads the events of a Swarm from the body of an answer. Resolves when the body ends, and rejects when it breaks.
 */
export function readSwarmEvents(
  body: Readable,
  { swarmEvent: kept }: Pick<KeptShapes, 'swarmEvent'>,
  onEvent: (event: SwarmEvent) => void,
): Promise<void> {
  const splitter = createLineSplitter(
    { onLine: (line) => onEvent(parseSwarmEvent(line)), onOversized: () => onEvent({ kind: 'unreadable' }) },
    { kept, maxLineBytes: maxKeptBytes },
  );
  return new Promise((resolve, reject) => {
    body.on('data', (chunk: Buffer) => splitter.push(chunk));
    body.on('error', reject);
    body.on('close', resolve);
    if (body.destroyed) resolve();
  });
}

function parseSwarmEvent(line: string): SwarmEvent {
  try {
    const { Type, Actor } = swarmEventSchema.parse(JSON.parse(line));
    return Type === 'node' ? { kind: 'node' } : { kind: 'service', id: Actor.ID };
  } catch {
    return { kind: 'unreadable' };
  }
}
