import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { connect, presentEngine, type EngineClient } from '../../src/demo/engine-client.ts';
import { supervisorMessage, type SupervisorMessage, type ParentMessage } from './supervisor-protocol.ts';
import { canInstall } from '../machine/packages.ts';

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
  return startSupervisor(options);
}

async function startSupervisor({ onProgress, signal }: AcquireOptions): Promise<AcquiredEngine> {
  signal?.throwIfAborted();
  const supervisor = fork(fileURLToPath(new URL('./supervisor.ts', import.meta.url)), [], {
    // Out of the terminal's reach: Ctrl-C ends us, and our end tells the supervisor.
    detached: true,
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    execArgv: [],
    cwd: '/',
  });
  const gone = new Promise<void>((resolve) => supervisor.once('exit', () => resolve()));
  const release = async (): Promise<void> => {
    tell(supervisor, { kind: 'release' });
    supervisor.ref();
    await gone;
  };
  const abort = (): void => tell(supervisor, { kind: 'release' });
  signal?.addEventListener('abort', abort, { once: true });
  try {
    const ready = await firstAnswer(supervisor, onProgress, gone);
    // A forgotten release must not keep the process alive: its end is a release, too.
    supervisor.unref();
    supervisor.channel?.unref();
    const { host, folder, pool, bridge } = ready;
    const traces = { folder, pool, bridge, pid: supervisor.pid ?? 0 };
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
  supervisor: ChildProcess,
  onProgress: (line: string) => void,
  gone: Promise<void>,
): Promise<Extract<SupervisorMessage, { kind: 'ready' }>> {
  return new Promise((resolve, reject) => {
    supervisor.on('error', reject);
    supervisor.on('message', (raw) => {
      const message = supervisorMessage.parse(raw);
      if (message.kind === 'progress') onProgress(message.line);
      else if (message.kind === 'ready') resolve(message);
      else if (message.kind === 'failed') {
        reject(new Error(`no private Docker engine: ${message.reason}; start Docker, or set DOCKER_HOST`));
      }
    });
    void gone.then(() => reject(new Error('no private Docker engine: its supervisor ended early')));
  });
}

function tell(supervisor: ChildProcess, message: ParentMessage): void {
  if (supervisor.connected) supervisor.send(message, () => {});
}
