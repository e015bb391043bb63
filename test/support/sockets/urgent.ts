import { once } from 'node:events';
import type { Socket } from 'node:net';
import { openLibc } from '../../../src/relay/driver/splice/libc.ts';
import { word } from '../../../src/relay/driver/splice/libc-symbols.ts';

/**
 * Sends one urgent byte (send(2), MSG_OOB), behind all that was written before. Node has no call for it.
 */
const outOfBand = 1n;
const again = -11;

export async function sendUrgent(socket: Socket): Promise<void> {
  const libc = openLibc();
  if ('unavailable' in libc) throw new Error(libc.unavailable);
  const memory = libc.allocate(1);
  const { functions, result } = libc.calls;
  for (;;) {
    if (socket.writableNeedDrain) await once(socket, 'drain');
    const sent = result(functions.send(word(descriptorOf(socket)), memory.pointer, 1n, outOfBand));
    if (sent === 1) return;
    if (sent !== again) throw new Error(`send: errno ${-sent}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Writes all of `bytes` to the kernel. */
export function writeOut(socket: Socket, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve) => void socket.write(bytes, () => resolve()));
}

export function descriptorOf(socket: Socket): number {
  const { _handle: handle } = socket as { _handle?: { readonly fd?: number } };
  if (handle?.fd === undefined) throw new Error('the socket is closed');
  return handle.fd;
}
