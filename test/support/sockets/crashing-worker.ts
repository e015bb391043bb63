import { workerData } from 'node:worker_threads';
import '../../../src/relay/worker/worker.ts';

/**
 * The relay's worker with a fault: it throws on a message of the broadcast channel that the environment names. The
 * message may name one worker by its number, and a time for which that worker is stuck before.
 */
export interface Crash {
  readonly worker?: number;
  readonly stuckMs?: number;
}

const channel = new BroadcastChannel(process.env['SEALANE_TEST_CRASH'] ?? 'crash');
channel.addEventListener('message', ({ data }: { readonly data: unknown }) => {
  if (data === 'stuck') return;
  const { worker, stuckMs } = data as Crash;
  if (worker !== undefined && worker !== (workerData as { readonly index: number }).index) return;
  if (stuckMs !== undefined) {
    channel.postMessage('stuck');
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, stuckMs);
  }
  throw new Error('a fault in the relay');
});
(channel as unknown as { unref(): void }).unref();
