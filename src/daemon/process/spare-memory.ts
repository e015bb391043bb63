import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Clock, Timer } from '../../time/clock.ts';

/**
 * Gives back the memory that only the start needed. V8's young generation stays as large as the start made it, 10 MB,
 * as long as little happens.
 */
/** Long after the first list of an engine with few containers. */
const afterMs = 5_000;
/** A larger heap has use for its memory, and takes longer to collect than this thread may be away. */
const largestHeapBytes = 48 * 1024 * 1024;

type Collect = (how: { readonly type: 'major'; readonly execution: 'sync'; readonly flavor: 'last-resort' }) => void;

export function spareMemory(clock: Clock, largestBytes = largestHeapBytes): Timer {
  return clock.after(afterMs, () => {
    if (process.memoryUsage().heapTotal > largestBytes) return;
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as Collect;
    setFlagsFromString('--no-expose-gc');
    // Of the kinds of collection, only this one makes the young generation smaller.
    collect({ type: 'major', execution: 'sync', flavor: 'last-resort' });
  });
}
