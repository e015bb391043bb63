import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { readFileSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';

/**
 * A loopback port on which a dial gets no answer at all: a listener whose accept queue is full, so that the kernel
 * drops every further SYN (listen(2), net.ipv4.tcp_abort_on_overflow=0). Its thread sleeps, since Node always accepts;
 * when woken it accepts all clients and greets them with `awake`.
 */
export interface Blackhole extends AsyncDisposable {
  readonly port: number;
  /** The dials whose first packet was sent and not answered, one of which is the blackhole's own. */
  unanswered(): number;
  wake(): void;
}

const code = `
const { createServer } = require('node:net');
const { parentPort, workerData } = require('node:worker_threads');
const server = createServer((socket) => { socket.on('error', () => {}); socket.write('awake'); });
server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
  parentPort.postMessage(server.address().port);
  setImmediate(() => Atomics.wait(workerData, 0, 0));
});`;

export async function createBlackhole(): Promise<Blackhole> {
  const gate = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(code, { eval: true, workerData: gate });
  const [port] = (await once(worker, 'message')) as [number];
  const fillers: Socket[] = [];
  // A queue of backlog 1 holds two. Over loopback the kernel answers within connect(2), so that a dial which is still
  // unanswered then shows that the queue is full. The kernel's list is asked last, since it takes long to read.
  while (fillers.every(({ connecting }) => !connecting) || dialsTo(port) === 0) {
    if (fillers.length === 64) throw new Error('the listener answers every dial');
    const socket = connect({ host: '127.0.0.1', port });
    socket.on('error', () => {});
    fillers.push(socket);
    await setImmediate();
  }
  const wake = (): void => {
    Atomics.store(gate, 0, 1);
    Atomics.notify(gate, 0);
  };
  return {
    port,
    unanswered: () => dialsTo(port),
    wake,
    async [Symbol.asyncDispose]() {
      for (const socket of fillers) socket.destroy();
      // The thread is ended as it sleeps: once awake it would accept a client that is still being dialed for.
      await worker.terminate();
    },
  };
}

/** Counts the sockets in the state SYN_SENT towards the port (proc(5), /proc/net/tcp). */
function dialsTo(port: number): number {
  const remote = `0100007F:${port.toString(16).toUpperCase().padStart(4, '0')} 02 `;
  return readFileSync('/proc/net/tcp', 'utf8').split(remote).length - 1;
}
