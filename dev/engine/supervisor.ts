import { parentMessage, type SupervisorMessage } from './supervisor-protocol.ts';
import { startPrivateEngine, type StartOptions } from './private-engine.ts';
import { startPrivatePodman } from './private-podman.ts';
import { startPrivateSwarm } from './private-swarm.ts';
import { messageOf } from '../../src/text/message-of.ts';

/**
 * The process that owns a private engine and outlives its parent. It keeps the engine while the IPC channel to the
 * parent is open and removes everything when the channel closes: after release, exit, crash, Ctrl-C and SIGKILL alike.
 *
 *   parent ── fork, IPC ──▶ supervisor ── spawn ──▶ engines ──▶ containers
 */
const release = new AbortController();

process.on('disconnect', () => release.abort(new Error('released')));
process.on('message', (message) => {
  if (parentMessage.safeParse(message).success) release.abort(new Error('released'));
});
// Signals to the parent's terminal or process group must not end the supervisor before the engine is removed.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => release.abort(new Error(signal)));
}

await supervise();

async function supervise(): Promise<void> {
  const undo: (() => Promise<void>)[] = [];
  try {
    const onProgress = (line: string): void => tell({ kind: 'progress', line });
    const options = { signal: release.signal, onProgress, undo };
    tell(await start(options));
    await released();
  } catch (error) {
    if (!release.signal.aborted) tell({ kind: 'failed', reason: messageOf(error) });
  }
  // Each undo step is independent: a step that fails does not keep the others from running.
  for (const step of undo.toReversed()) await step().catch(() => {});
  tell({ kind: 'released' });
  if (process.connected) process.disconnect?.();
}

async function start(options: StartOptions): Promise<SupervisorMessage> {
  const [kind, count] = process.argv.slice(2);
  if (kind === 'podman') return { kind: 'podman-ready', ...(await startPrivatePodman(options)) };
  if (kind === 'swarm') return { kind: 'swarm-ready', ...(await startPrivateSwarm(options, Number(count))) };
  return { kind: 'docker-ready', ...(await startPrivateEngine(options)) };
}

function released(): Promise<void> {
  return new Promise((resolve) => {
    if (release.signal.aborted) resolve();
    else release.signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

/** Sends a message to the parent if it still runs; it may end at any moment. */
function tell(message: SupervisorMessage): void {
  if (process.connected) process.send?.(message, () => {});
}
