import type { Clock, Timer } from '../../time/clock.ts';
import { messageOf } from '../../text/message-of.ts';

/**
 * Tells a quiet engine from a dead one, since a hung engine neither sends nor closes. While no byte arrives, the
 * watchdog pings the engine at intervals; a ping that fails, also by its own deadline, ends the stream.
 */
export interface Watchdog {
  /** Call when bytes arrive, which prove that the engine is alive. */
  alive(): void;
  stop(): void;
}

export interface WatchdogOptions {
  readonly intervalMs: number;
}

export function createWatchdog(
  {
    clock,
    ping,
    onDead,
  }: { readonly clock: Clock; readonly ping: () => Promise<unknown>; readonly onDead: (reason: string) => void },
  { intervalMs }: WatchdogOptions,
): Watchdog {
  let timer: Timer;
  let stopped = false;
  // Only the latest ping counts; the answer to an abandoned ping is ignored.
  let round = 0;

  function restart(): void {
    round += 1;
    timer.cancel();
    timer = clock.after(intervalMs, () => void probe());
  }

  function dead(reason: string): void {
    if (stopped) return;
    stop();
    onDead(reason);
  }

  async function probe(): Promise<void> {
    const mine = ++round;
    const current = (): boolean => !stopped && mine === round;
    try {
      await ping();
      if (current()) restart();
    } catch (error) {
      if (current()) dead(messageOf(error));
    }
  }

  function stop(): void {
    stopped = true;
    timer.cancel();
  }

  timer = clock.after(intervalMs, () => void probe());
  return {
    alive() {
      if (!stopped) restart();
    },
    stop,
  };
}
