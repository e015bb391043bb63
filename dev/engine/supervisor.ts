import { parentMessage, type SupervisorMessage } from './supervisor-protocol.ts';
import { startPrivateEngine } from './private-engine.ts';
import { messageOf } from '../../src/text/message-of.ts';

/**
 * The process that outlives the one that asked for a private engine. It holds the engine as long as the IPC channel to its
 * parent is open, and takes everything down when the channel closes: release, exit, crash, Ctrl-C and SIGKILL alike.
 *
 *   parent ── fork, IPC ──▶ supervisor ── spawn ──▶ containerd, dockerd ──▶ containers
 */
const release = new AbortController();

process.on('disconnect', () => release.abort(new Error('released')));
process.on('message', (message) => {
  if (parentMessage.safeParse(message).success) release.abort(new Error('released'));
});
// Signals meant for the parent's terminal or group must not end us before the machine is clean.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => release.abort(new Error(signal)));
}

await keep();

async function keep(): Promise<void> {
  const undo: (() => Promise<void>)[] = [];
  try {
    const engine = await startPrivateEngine({
      signal: release.signal,
      onProgress: (line) => tell({ kind: 'progress', line }),
      undo,
    });
    tell({ kind: 'ready', ...engine });
    await released();
  } catch (error) {
    if (!release.signal.aborted) tell({ kind: 'failed', reason: messageOf(error) });
  }
  // Each undoing stands alone: one that fails must not keep the others from running.
  for (const step of undo.toReversed()) await step().catch(() => {});
  tell({ kind: 'released' });
  if (process.connected) process.disconnect?.();
}

function released(): Promise<void> {
  return new Promise((resolve) => {
    if (release.signal.aborted) resolve();
    else release.signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

/** Sends a message to the parent, if it still runs: it may be gone at any moment. */
function tell(message: SupervisorMessage): void {
  if (process.connected) process.send?.(message, () => {});
}
