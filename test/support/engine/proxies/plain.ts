import { mkdtemp, rm } from 'node:fs/promises';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * A proxy between Sealane and an engine's unix socket, through which a test can cut or block the connection without
 * touching the engine.
 */
export interface EngineProxy extends AsyncDisposable {
  /** The address for Sealane to connect to. */
  readonly url: string;
  /** Destroys every open connection. New connections are served. */
  cut(): void;
  /** Destroys every open connection, and new ones at once, until `unblock`. */
  block(): void;
  unblock(): void;
  /**
   * Keeps the events of open event streams back until `releaseEvents`, as an engine does that tells of them late. Throws
   * where it has seen none.
   */
  holdEvents(): void;
  releaseEvents(): void;
  /** The number of open connections. */
  readonly connections: number;
  /** Resolves when no connection is open. */
  idle(): Promise<void>;
}

/** `engineUrl` is a `unix://` address. The proxy's socket is `docker.sock`, in a folder of its own unless given. */
export async function startEngineProxy(engineUrl: string, within?: string): Promise<EngineProxy> {
  const folder = within ?? (await mkdtemp(join(tmpdir(), 'sealane-proxy-')));
  const path = join(folder, 'docker.sock');
  const pairs = new Set<readonly [Socket, Socket]>();
  const streams = new Set<readonly [Socket, Socket]>();
  const waiting = new Set<() => void>();
  let blocked = false;

  const server = createServer({ allowHalfOpen: true }, (client) => {
    if (blocked) {
      client.destroy();
      return;
    }
    const engine = connect({ path: engineUrl.replace(/^unix:\/\//, ''), allowHalfOpen: true });
    const pair = [client, engine] as const;
    pairs.add(pair);
    client.on('data', (chunk: Buffer) => {
      if (/^GET \S*\/events/.test(chunk.toString('latin1'))) streams.add(pair);
    });
    for (const [from, to] of [pair, pair.toReversed() as [Socket, Socket]]) {
      from.pipe(to);
      from.on('error', () => to.destroy());
      from.on('close', () => {
        to.destroy();
        pairs.delete(pair);
        streams.delete(pair);
        if (pairs.size > 0) return;
        for (const resolve of waiting) resolve();
        waiting.clear();
      });
    }
  });
  server.listen(path);
  await once(server, 'listening');

  function cut(): void {
    for (const [client, engine] of pairs) {
      client.destroy();
      engine.destroy();
    }
  }

  return {
    url: `unix://${path}`,
    cut,
    block() {
      blocked = true;
      cut();
    },
    unblock() {
      blocked = false;
    },
    holdEvents() {
      if (streams.size === 0) throw new Error('there is no event stream to hold');
      for (const [client, stream] of streams) stream.unpipe(client).pause();
    },
    releaseEvents() {
      for (const [client, stream] of streams) stream.pipe(client);
    },
    get connections() {
      return pairs.size;
    },
    async idle() {
      if (pairs.size > 0) await new Promise<void>((resolve) => void waiting.add(resolve));
    },
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve));
      cut();
      await closed;
      if (within === undefined) await rm(folder, { recursive: true, force: true });
    },
  };
}
