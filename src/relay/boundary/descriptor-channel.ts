import type { MessagePort } from 'node:worker_threads';

/** One end of a channel between two threads that clients' descriptors pass through; see intake/handoff.ts. */
export interface DescriptorChannel {
  readonly port: MessagePort;
  /** Int32: how many clients the receiving end has received. */
  readonly receivedCount: SharedArrayBuffer;
}

export function createReceivedCount(): SharedArrayBuffer {
  return new SharedArrayBuffer(4);
}
