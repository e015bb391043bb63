import type { MessagePort } from 'node:worker_threads';

/** One end of a way between two threads, along which clients' descriptors go; see intake/handoff.ts. */
export interface Way {
  readonly port: MessagePort;
  /** Int32: how many clients were taken at the other end. */
  readonly taken: SharedArrayBuffer;
}

export function createTaken(): SharedArrayBuffer {
  return new SharedArrayBuffer(4);
}
