import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/**
 * Real sockets on loopback for tests: peers that remember how they were closed, and servers that leave nothing behind.
 */
export type Ending = 'ended' | 'reset';

export class Peer implements AsyncDisposable {
  readonly socket: Socket;
  /** The other side has ended its direction. */
  readonly ended: Promise<void>;
  /** Both directions are over: in order, or by a reset. */
  readonly closed: Promise<Ending>;
  sawEnd = false;
  #unread: Buffer = Buffer.alloc(0);
  #wake = Promise.withResolvers<void>();

  constructor(socket: Socket) {
    this.socket = socket;
    const ended = Promise.withResolvers<void>();
    const closed = Promise.withResolvers<Ending>();
    this.ended = ended.promise;
    this.closed = closed.promise;
    socket.on('end', () => {
      this.sawEnd = true;
      ended.resolve();
    });
    socket.on('error', () => closed.resolve('reset'));
    socket.on('close', () => {
      closed.resolve('ended');
      this.#wake.resolve();
    });
  }

  /** Begins to read; a peer that never reads is a slow reader. */
  #collect(): void {
    if (this.socket.listenerCount('data') > 0) return;
    this.socket.on('data', (chunk: Buffer) => {
      this.#unread = Buffer.concat([this.#unread, chunk]);
      this.#wake.resolve();
    });
  }

  /** The number of bytes that have arrived and that the test has not read yet. */
  get unread(): number {
    this.#collect();
    return this.#unread.length;
  }

  /** The next `length` bytes as text. */
  async read(length: number): Promise<string> {
    this.#collect();
    while (this.#unread.length < length) {
      if (this.socket.closed) throw new Error(`closed after ${this.#unread.length} of ${length} bytes`);
      this.#wake = Promise.withResolvers();
      await this.#wake.promise;
    }
    const text = this.#unread.subarray(0, length).toString('latin1');
    this.#unread = this.#unread.subarray(length);
    return text;
  }

  /** All bytes until the other side ends its direction. */
  async readToEnd(): Promise<string> {
    this.#collect();
    await Promise.race([this.ended, this.closed]);
    return this.#unread.toString('latin1');
  }

  /** Sends a text, and waits for the same bytes to come back. */
  async echo(text: string): Promise<string> {
    this.socket.write(text);
    return this.read(text.length);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.socket.closed) return;
    const closed = once(this.socket, 'close');
    this.socket.destroy();
    await closed;
  }
}

export interface TestServer extends AsyncDisposable {
  readonly port: number;
  readonly server: Server;
  readonly peers: readonly Peer[];
  /** The next client, in order of arrival. */
  accept(): Promise<Peer>;
}

/** Serves half-open sockets, like the relay's own: each test decides what a side does with an end. */
export async function serve(onPeer: (peer: Peer) => void = () => {}, port = 0): Promise<TestServer> {
  const peers: Peer[] = [];
  const waiting: ((peer: Peer) => void)[] = [];
  let handed = 0;
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    const peer = new Peer(socket);
    peers.push(peer);
    onPeer(peer);
    const next = waiting.shift();
    if (next) {
      handed += 1;
      next(peer);
    }
  });
  server.listen(port, '127.0.0.1', 4_096);
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    server,
    peers,
    accept() {
      const ready = peers[handed];
      if (ready) {
        handed += 1;
        return Promise.resolve(ready);
      }
      return new Promise((resolve) => void waiting.push(resolve));
    },
    async [Symbol.asyncDispose]() {
      server.close();
      await Promise.all(peers.map((peer) => peer[Symbol.asyncDispose]()));
    },
  };
}

export function serveEcho(port = 0): Promise<TestServer> {
  return serve(({ socket }) => void socket.pipe(socket), port);
}

/**
 * Sends every client its name at once, then echoes: so the client knows which server answered without sending a byte.
 */
export function serveNamed(name: string, port = 0): Promise<TestServer> {
  return serve(({ socket }) => {
    socket.write(name);
    socket.pipe(socket);
  }, port);
}

/** Connects. The peer may be reset already, which Node reports as a failed connect when it learns of both at once. */
export async function dial(port: number): Promise<Peer> {
  const socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true, noDelay: true });
  const peer = new Peer(socket);
  await once(socket, 'connect').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ECONNRESET') throw error;
  });
  return peer;
}

/**
 * The error with which a port refuses clients; a client that is let in, since the port is only about to close, leaves
 * at once.
 */
export async function refusal(port: number): Promise<string> {
  try {
    const client = await dial(port);
    await client[Symbol.asyncDispose]();
    return 'let in';
  } catch (error) {
    return String(error);
  }
}
