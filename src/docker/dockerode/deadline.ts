import type { IncomingMessage } from 'node:http';
import { addAbortSignal } from 'node:stream';

/**
 * Puts a deadline on engine calls and reads their bodies. docker-modem's promises can stay pending for ever (when a
 * body is cut midway), so each call is raced against an abort signal, which also destroys the request.
 */
export class DeadlineExceeded extends Error {}

/** An answer that still arrives after so many deadlines is given up. */
const mostDeadlines = 60;

/**
 * Runs `task` with a signal that fires at the deadline, when `outer` fires, and when the task fails. The task calls
 * `alive` when a part of the answer arrived, with which the deadline begins anew.
 */
export async function withDeadline<T>(
  deadlineMs: number,
  outer: AbortSignal | undefined,
  task: (signal: AbortSignal, alive: () => void) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const { signal } = controller;
  const abort = (): void => controller.abort(outer?.reason);
  const timer = setTimeout(() => controller.abort(new DeadlineExceeded()), deadlineMs);
  const untilMs = performance.now() + deadlineMs * mostDeadlines;
  const alive = (): void => {
    if (performance.now() < untilMs) timer.refresh();
  };
  outer?.addEventListener('abort', abort, { once: true });
  if (outer?.aborted) abort();
  try {
    return await settleBy(signal, task(signal, alive));
  } catch (error) {
    // The abort ends the request, whatever failed. After a success it would close a connection that can be reused.
    controller.abort();
    throw error;
  } finally {
    clearTimeout(timer);
    outer?.removeEventListener('abort', abort);
  }
}

/** Settles like `promise`, or rejects with the signal's reason once it fires, even if the promise never settles. */
export function settleBy<T>(signal: AbortSignal, promise: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(asError(signal.reason));
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}

/** Hands out the body while it arrives; rejects if it was cut short. */
export async function readBody(
  response: IncomingMessage,
  signal: AbortSignal,
  onChunk: (chunk: Buffer) => void,
): Promise<void> {
  for await (const chunk of addAbortSignal(signal, response) as AsyncIterable<Buffer>) onChunk(chunk);
  // An incomplete response without an error means that the connection was cut before the announced length.
  if (!response.complete) throw new Error('the answer was cut short');
}

/** Reads the whole body as text; rejects beyond `maxBytes`, so that no answer can fill the memory. */
export async function readText(response: IncomingMessage, signal: AbortSignal, maxBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  await readBody(response, signal, (chunk) => {
    size += chunk.length;
    if (size > maxBytes) throw new Error(`the answer exceeds ${maxBytes} bytes`);
    chunks.push(chunk);
  });
  return Buffer.concat(chunks).toString('utf8');
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason));
}
