import { closeSync, writeSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { backoffDelayMs } from '../../time/backoff.ts';
import type { Clock, Timer } from '../../time/clock.ts';
import { spliceExecArgv } from '../driver/choose-driver.ts';
import { wakeUp, type FromWorker, type ThreadCode, type ToWorker, type WorkerSetup } from '../boundary/messages.ts';

/**
 * One relay thread: starts its worker, and starts another one when that worker dies. The successor gets the same index,
 * and so the same row of counters.
 */
export interface RelayThreadEvents {
  onMessage(message: FromWorker): void;
  /**
   * The worker ended without having been asked to; another starts after `restartMs`. `neverReady`: it died before it
   * sent `ready`.
   */
  onDeath(error: Error, restartMs: number, neverReady: boolean): void;
}

const restartBackoff = { firstMs: 50, maxMs: 5_000 };
/** The successor of a worker that ran so long starts without a delay. */
const soundAfterMs = 10_000;
/**
 * Each of Node's sockets is a dozen objects, and the sockets of waiting clients outlive their first collections, which
 * copy them: with 10,000 clients that drip bytes each collection took 14 ms. A small young generation is collected more
 * often and faster.
 */
const streamLimits = { maxYoungGenerationSizeMb: 12 };

export class RelayThread {
  readonly #code: ThreadCode;
  readonly #setup: WorkerSetup;
  readonly #clock: Clock;
  readonly #events: RelayThreadEvents;
  #worker: Worker | undefined;
  #wakeFd: number | undefined;
  #restart: Timer | undefined;
  #deaths = 0;
  #ready = false;
  #endsTls = true;
  #closing = false;
  #exited: Promise<void> = Promise.resolve();

  constructor(code: ThreadCode, setup: WorkerSetup, clock: Clock, events: RelayThreadEvents) {
    this.#code = code;
    this.#setup = setup;
    this.#clock = clock;
    this.#events = events;
    this.#start();
  }

  /**
   * True once the worker has sent `ready`. Messages before that are dropped; the plane then sends all that it needs.
   */
  get ready(): boolean {
    return this.#ready;
  }

  /** False once the worker has said that its driver can't end the TLS of clients. */
  get endsTls(): boolean {
    return this.#endsTls;
  }

  post(message: ToWorker): void {
    if (this.#ready) this.#post(message);
  }

  /**
   * Asks the thread to end and waits for it. A thread that has not ended within `patienceMs` is terminated; after as
   * long again it is left behind.
   */
  async close(patienceMs: number): Promise<void> {
    this.#closing = true;
    this.#restart?.cancel();
    if (!this.#worker) return;
    this.#post({ kind: 'close' });
    const { promise: stuck, resolve: giveUp } = Promise.withResolvers<void>();
    const timers = [
      this.#clock.after(patienceMs, () => {
        void this.#worker?.terminate();
        this.#wake();
      }),
      this.#clock.after(2 * patienceMs, giveUp),
    ];
    await Promise.race([this.#exited, stuck]);
    for (const timer of timers) timer.cancel();
  }

  /**
   * Wakes and closes the thread when the process ends: a thread asleep in the kernel would keep it from ending, and
   * files of Unix sockets would be left behind.
   */
  endNow(): void {
    if (this.#ready) this.#post({ kind: 'close' });
  }

  #post(message: ToWorker): void {
    this.#worker?.postMessage(message, message.kind === 'handoff' ? [message.port] : []);
    this.#wake();
  }

  #wake(): void {
    if (this.#wakeFd !== undefined) writeSync(this.#wakeFd, wakeUp);
  }

  #start(): void {
    const startedAtMs = this.#clock.nowMs();
    const execArgv = this.#setup.driver === 'splice' ? spliceExecArgv() : [];
    const worker = new Worker(this.#code.script, {
      eval: this.#code.isSource,
      name: `relay-${this.#setup.index}`,
      workerData: this.#setup,
      ...(this.#setup.driver === 'stream' && { resourceLimits: streamLimits }),
      // An empty list would drop the arguments that this process was started with, so none is passed.
      ...(execArgv.length > 0 && { execArgv: [...execArgv] }),
    });
    let failure: Error | undefined;
    this.#worker = worker;
    worker.on('message', (message: FromWorker) => {
      if (message.kind === 'ready') {
        this.#ready = true;
        this.#endsTls = message.endsTls;
        this.#wakeFd = message.wakeFd;
        // The thread may have been told to close before it could be woken.
        this.#wake();
      }
      this.#events.onMessage(message);
    });
    worker.on('error', (error) => (failure = error instanceof Error ? error : new Error(String(error))));
    this.#exited = new Promise((resolve) => {
      worker.on('exit', (code) => {
        this.#worker = undefined;
        if (this.#wakeFd !== undefined) closeSync(this.#wakeFd);
        this.#wakeFd = undefined;
        if (!this.#closing) this.#onDeath(failure ?? new Error(`exit code ${code}`), startedAtMs);
        this.#ready = false;
        resolve();
      });
    });
  }

  #onDeath(error: Error, startedAtMs: number): void {
    const wasReady = this.#ready;
    this.#ready = false;
    if (this.#clock.nowMs() - startedAtMs >= soundAfterMs) this.#deaths = 0;
    const restartMs = this.#deaths === 0 ? 0 : backoffDelayMs(this.#deaths - 1, restartBackoff, Math.random);
    this.#deaths += 1;
    this.#restart = this.#clock.after(restartMs, () => this.#start());
    this.#events.onDeath(error, restartMs, !wasReady);
  }
}
