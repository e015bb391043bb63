import { constants } from 'node:os';

/**
 * The signals that a user or a supervisor sends: which of them stop a command, and how.
 */
const stopSignals = ['SIGTERM', 'SIGINT', 'SIGQUIT'] as const;

/** Resolves at the first stop signal. A second one ends the process at once, without a graceful stop. */
export function firstStopSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let asked = false;
    const onSignal = (signal: NodeJS.Signals): void => {
      // The exit code is 128 + the signal's number, as shells report it.
      if (asked) process.exit(128 + constants.signals[signal]);
      asked = true;
      resolve(signal);
    };
    for (const signal of stopSignals) process.on(signal, onSignal);
  });
}

/** Calls `reload` at each SIGHUP, which then ends the process no longer, not even when its terminal is closed. */
export function onHangUp(reload: () => void): void {
  process.on('SIGHUP', reload);
}

/**
 * Keeps SIGUSR1 from opening Node's inspector, which lets any process of the machine that can connect to it run code in
 * this one. Node opens it only while SIGUSR1 has no listener.
 */
export function ignoreInspectorSignal(): void {
  process.on('SIGUSR1', () => {});
}

/** A signal that a stop signal or SIGHUP aborts, for commands that run until the user ends them. */
export function untilInterrupted(): AbortSignal {
  const controller = new AbortController();
  for (const signal of [...stopSignals, 'SIGHUP'] as const) process.once(signal, () => controller.abort());
  return controller.signal;
}
