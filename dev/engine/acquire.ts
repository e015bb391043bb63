import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { connect, presentEngine, type EngineClient } from '../../src/demo/engine-client.ts';
import { supervisorMessage, type SupervisorMessage, type ParentMessage } from './supervisor-protocol.ts';
import { canInstall } from '../machine/packages.ts';
import { messageOf } from '../../src/text/message-of.ts';

/**
 * Acquires a Docker engine for the demo and the tests: the one of this machine, else a private engine, which is removed
 * without a trace once it is released or this process ends, in whatever way.
 */
export interface AcquiredEngine extends AsyncDisposable {
  /** The engine's address in the form of DOCKER_HOST, e.g. `unix:///var/run/docker.sock`. */
  readonly host: string;
  readonly private: boolean;
  readonly client: EngineClient;
  /** What a private engine uses on this machine, for tests that check that nothing of it remains. */
  readonly traces?: { readonly folder: string; readonly pool: string; readonly bridge: string; readonly pid: number };
  /** Resolves when a private engine is removed; at once for an engine that was already there. */
  release(): Promise<void>;
}

export interface AcquireOptions {
  /** Whether a private engine may be installed and started where no engine answers. */
  readonly allowPrivate: boolean;
  readonly onProgress: (line: string) => void;
  /** Aborts the wait for a private engine. */
  readonly signal?: AbortSignal;
}

/** Rejects, where no engine can be acquired, with one line that says how to get one. */
export async function acquireEngine(options: AcquireOptions): Promise<AcquiredEngine> {
  try {
    const release = async (): Promise<void> => {};
    return { ...(await presentEngine()), private: false, release, [Symbol.asyncDispose]: release };
  } catch (error) {
    if (!options.allowPrivate) throw error;
    if (!(await canInstall())) {
      throw new Error(`${messageOf(error)}; a private engine needs root on Debian or Ubuntu`, { cause: error });
    }
  }
  return startSupervisor(options);
}

async function startSupervisor({ onProgress, signal }: AcquireOptions): Promise<AcquiredEngine> {
  signal?.throwIfAborted();
  const supervisor = fork(fileURLToPath(new URL('./supervisor.ts', import.meta.url)), [], {
    // A process group of its own keeps Ctrl-C from the supervisor: it ends after this process, which it watches.
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
    // A forgotten release must not keep this process alive: the end of the process releases the engine, too.
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
