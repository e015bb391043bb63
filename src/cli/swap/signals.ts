import { setTimeout as delay } from 'node:timers/promises';
import type { Child } from './child.ts';
import type { KeptLease } from './lease.ts';
import { TerminalSignals, type TerminalSignal } from './terminal.ts';

/** Another thread of this process may be the one that takes the signal, a moment later. */
const stoppedMs = 100;

/**
 * What happens at signals while a process has a service's place: it gets the stop signals that its terminal has not sent
 * to it already, and it loses the service for as long as Ctrl-Z stops it.
 */
export class PassedSignals {
  readonly #terminal = new TerminalSignals();
  #child: Child | undefined;
  #prepare: (() => Promise<void>) | undefined;

  constructor() {
    for (const signal of ['SIGTERM', 'SIGHUP', 'SIGINT', 'SIGQUIT'] as const)
      process.on(signal, () => this.#on(signal));
  }

  follow(child: Child): void {
    this.#child = child;
  }

  /** What is done before the first signal is passed on; further ones are passed on at once. */
  before(prepare: () => Promise<void>): void {
    this.#prepare = prepare;
  }

  /**
   * A stopped process would leave its clients without an answer, since the kernel accepts them. So the service is given
   * back before this command stops, too.
   */
  stopsWith(lease: KeptLease): void {
    const stop = async (): Promise<void> => {
      await lease.pause();
      // It has no listener now, so the kernel stops this process, or not, where no shell could continue it.
      process.kill(process.pid, 'SIGTSTP');
      await delay(stoppedMs);
      this.stopsWith(lease);
      lease.resume();
    };
    process.once('SIGTSTP', () => void stop());
  }

  #on(signal: TerminalSignal | 'SIGTERM'): void {
    const prepare = this.#prepare;
    this.#prepare = undefined;
    // The terminal may be another, or gone, once the sessions have ended.
    const wasSent = signal !== 'SIGTERM' && this.#terminal.sent(signal);
    const pass = (): void => {
      if (!wasSent) this.#child?.kill(signal);
    };
    if (prepare) void prepare().then(pass);
    else pass();
  }
}
