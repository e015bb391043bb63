import type { Clock, Timer } from '../../time/clock.ts';
import { messageOf } from '../../text/message-of.ts';

/**
 * Tells a quiet engine from a dead one, since a hung engine neither sends nor closes. While no byte arrives, the
 * watchdog pings the engine at intervals; a ping that fails or takes too long ends the stream.
 */
export interface Watchdog {
  /** Call when bytes arrive, which prove that the engine is alive. */
  alive(): void;
  stop(): void;
}

export interface WatchdogOptions {
  readonly intervalMs: number;
  readonly deadlineMs: number;
}

export function createWatchdog(
  {
    clock,
    ping,
    onDead,
  }: { readonly clock: Clock; readonly ping: () => Promise<unknown>; readonly onDead: (reason: string) => void },
  { intervalMs, deadlineMs }: WatchdogOptions,
): Watchdog {
  let timer: Timer;
  let stopped = false;
  // Only the latest ping counts; the answer to an abandoned ping is ignored.
  let round = 0;

  function restart(): void {
    round += 1;
    timer.cancel();
    timer = clock.after(intervalMs, probe);
  }

  function dead(reason: string): void {
    if (stopped) return;
    stop();
    onDead(reason);
  }

  function probe(): void {
    const mine = ++round;
    timer = clock.after(deadlineMs, () => dead(`the engine gave no sign of life within ${deadlineMs / 1000} s`));
    void answer(mine);
  }

  async function answer(mine: number): Promise<void> {
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

  timer = clock.after(intervalMs, probe);
  return {
    alive() {
      if (!stopped) restart();
    },
    stop,
  };
}
