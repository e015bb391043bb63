import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { inOwnMounts } from './runtime.ts';
import {
  supervisorMessage,
  type EngineKind,
  type ParentMessage,
  type SupervisorMessage,
} from './supervisor-protocol.ts';

/**
 * The parent's side of a supervisor: an engine that is removed without a trace once it is released or this process ends.
 */
export interface SuperviseOptions {
  readonly onProgress: (line: string) => void;
  /** Aborts the wait for the engine. */
  readonly signal?: AbortSignal;
  /** A command that runs the supervisor, such as unshare(1). It ends by becoming the supervisor, whose pid is its own. */
  readonly before?: readonly string[];
}

/** What a supervisor says of its engine once that answers. */
type Ready<K extends EngineKind> = Extract<SupervisorMessage, { readonly kind: `${K}-ready` }>;

export interface Supervised<K extends EngineKind> {
  readonly ready: Ready<K>;
  /** The supervisor's. */
  readonly pid: number;
  /** Resolves when the engine is removed. */
  readonly release: () => Promise<void>;
}

/** Starts a supervisor with its other arguments, and resolves when what it starts answers. */
export async function supervised<K extends EngineKind>(
  engine: K,
  { onProgress, signal, before = [] }: SuperviseOptions,
  ...args: readonly string[]
): Promise<Supervised<K>> {
  signal?.throwIfAborted();
  // The daemons of one Docker engine share the supervisor's mounts. A Podman and the machines of a Swarm have their own.
  const mounts = engine === 'docker' ? inOwnMounts : [];
  const [execPath = '', ...execArgv] = [...mounts, ...before, process.execPath];
  const supervisor = fork(fileURLToPath(new URL('./supervisor.ts', import.meta.url)), [engine, ...args], {
    // A process group of its own keeps Ctrl-C from the supervisor: it ends after this process, which it watches.
    detached: true,
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    execPath,
    execArgv,
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
    const ready = await firstAnswer(supervisor, engine, onProgress, gone);
    // A forgotten release must not keep this process alive: the end of the process releases the engine, too.
    supervisor.unref();
    supervisor.channel?.unref();
    return { ready, pid: supervisor.pid ?? 0, release };
  } catch (error) {
    await release();
    signal?.throwIfAborted();
    throw error;
  } finally {
    signal?.removeEventListener('abort', abort);
  }
}

const missingEngine: Readonly<Record<EngineKind, string>> = {
  docker: 'no private Docker engine',
  podman: 'no private Podman',
  swarm: 'no private Swarm',
};

function firstAnswer<K extends EngineKind>(
  supervisor: ChildProcess,
  engine: K,
  onProgress: (line: string) => void,
  gone: Promise<void>,
): Promise<Ready<K>> {
  const missing = missingEngine[engine];
  return new Promise((resolve, reject) => {
    supervisor.on('error', reject);
    supervisor.on('message', (raw) => {
      const message = supervisorMessage.parse(raw);
      if (message.kind === 'progress') onProgress(message.line);
      else if (message.kind === 'failed') reject(new Error(`${missing}: ${message.reason}`));
      else if (isReady(message, engine)) resolve(message);
    });
    void gone.then(() => reject(new Error(`${missing}: its supervisor ended early`)));
  });
}

function isReady<K extends EngineKind>(message: SupervisorMessage, engine: K): message is Ready<K> {
  return message.kind === `${engine}-ready`;
}

function tell(supervisor: ChildProcess, message: ParentMessage): void {
  if (supervisor.connected) supervisor.send(message, () => {});
}
