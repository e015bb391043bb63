import { fork, type ChildProcess } from 'node:child_process';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { answers, connect, type EngineClient } from './client.ts';
import { keeperMessage, type KeeperMessage, type ParentMessage } from './keeper-protocol.ts';
import { canInstall } from './packages.ts';

/**
 * Gets a Docker engine for the demo and the tests: the one that is there, else a private one that is gone without a
 * trace once it is released, or once this process ends in whatever way.
 */
export interface AcquiredEngine extends AsyncDisposable {
  /** e.g. `unix:///var/run/docker.sock`, fit for DOCKER_HOST. */
  readonly host: string;
  readonly private: boolean;
  readonly client: EngineClient;
  /** Where a private engine lives, for those who check that nothing is left. */
  readonly traces?: { readonly folder: string; readonly pool: string; readonly bridge: string; readonly pid: number };
  /** Resolves when nothing of a private engine is left; at once for an engine that was there. */
  release(): Promise<void>;
}

export interface AcquireOptions {
  /** Whether a private engine may be installed and started where no engine answers. */
  readonly allowPrivate: boolean;
  readonly onProgress: (line: string) => void;
  /** Aborts the wait for a private engine. */
  readonly signal?: AbortSignal;
}

/** Rejects with one line that says how to get an engine. */
export async function acquireEngine(options: AcquireOptions): Promise<AcquiredEngine> {
  const present = await presentEngine();
  if (present !== undefined) {
    const release = async (): Promise<void> => {};
    return { host: present, private: false, client: connect(present), release, [Symbol.asyncDispose]: release };
  }
  const tried = process.env['DOCKER_HOST'] ?? 'the default socket';
  if (!options.allowPrivate) throw new Error(`no Docker engine answers at ${tried}: start Docker, or set DOCKER_HOST`);
  if (!(await canInstall())) {
    throw new Error(
      `no Docker engine answers at ${tried}, and a private one needs root on Debian or Ubuntu: ` +
        'start Docker, or set DOCKER_HOST',
    );
  }
  return startKeeper(options);
}

/** DOCKER_HOST decides alone when it is set; else the sockets where Docker, Docker Desktop and rootless Docker listen. */
async function presentEngine(): Promise<string | undefined> {
  const configured = process.env['DOCKER_HOST'];
  const runtimeFolder = process.env['XDG_RUNTIME_DIR'];
  const candidates =
    configured !== undefined && configured !== ''
      ? [configured]
      : process.platform === 'win32'
        ? ['npipe:////./pipe/docker_engine']
        : [
            'unix:///var/run/docker.sock',
            `unix://${join(homedir(), '.docker/run/docker.sock')}`,
            ...(runtimeFolder === undefined ? [] : [`unix://${join(runtimeFolder, 'docker.sock')}`]),
          ];
  for (const host of candidates) if (await answers(host)) return host;
  return undefined;
}

async function startKeeper({ onProgress, signal }: AcquireOptions): Promise<AcquiredEngine> {
  signal?.throwIfAborted();
  const keeper = fork(fileURLToPath(keeperUrl()), [], {
    // Out of the terminal's reach: Ctrl-C ends us, and our end tells the keeper.
    detached: true,
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    execArgv: [],
    cwd: '/',
  });
  const gone = new Promise<void>((resolve) => keeper.once('exit', () => resolve()));
  const release = async (): Promise<void> => {
    tell(keeper, { kind: 'release' });
    keeper.ref();
    await gone;
  };
  const abort = (): void => tell(keeper, { kind: 'release' });
  signal?.addEventListener('abort', abort, { once: true });
  try {
    const ready = await firstAnswer(keeper, onProgress, gone);
    // A forgotten release must not keep the process alive: its end is a release, too.
    keeper.unref();
    keeper.channel?.unref();
    const { host, folder, pool, bridge } = ready;
    const traces = { folder, pool, bridge, pid: keeper.pid ?? 0 };
    return { host, private: true, client: connect(host), traces, release, [Symbol.asyncDispose]: release };
  } catch (error) {
    await release();
    signal?.throwIfAborted();
    throw error;
  } finally {
    signal?.removeEventListener('abort', abort);
  }
}

function firstAnswer(
  keeper: ChildProcess,
  onProgress: (line: string) => void,
  gone: Promise<void>,
): Promise<Extract<KeeperMessage, { kind: 'ready' }>> {
  return new Promise((resolve, reject) => {
    keeper.on('error', reject);
    keeper.on('message', (raw) => {
      const message = keeperMessage.parse(raw);
      if (message.kind === 'progress') onProgress(message.line);
      else if (message.kind === 'ready') resolve(message);
      else if (message.kind === 'failed') {
        reject(new Error(`no private Docker engine: ${message.reason}; start Docker, or set DOCKER_HOST`));
      }
    });
    void gone.then(() => reject(new Error('no private Docker engine: its keeper ended early')));
  });
}

function tell(keeper: ChildProcess, message: ParentMessage): void {
  if (keeper.connected) keeper.send(message, () => {});
}

/** `keeper.ts` beside this file as source; an entry of its own at the root of the bundle. */
export function keeperUrl(from: string = import.meta.url): URL {
  if (from.endsWith('.ts')) return new URL('./keeper.ts', from);
  return new URL(/\/chunks\/[^/]*$/.test(from) ? '../engine-keeper.js' : './engine-keeper.js', from);
}
