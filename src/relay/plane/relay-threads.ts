import { MessageChannel } from 'node:worker_threads';
import type { Clock } from '../../time/clock.ts';
import { createReceivedCount } from '../boundary/descriptor-channel.ts';
import type { DriverName, ThreadCode, WorkerSetup } from '../boundary/messages.ts';
import { dialsTls, endsTls, type RoutingTable } from '../boundary/table.ts';
import { RelayThread, type RelayThreadEvents } from './relay-thread.ts';

/**
 * The threads of a plane: first the threads that listen; then, once it is needed, the thread that speaks the TLS that
 * their driver can't (see intake/handoff.ts). Each has a number that never changes.
 */
interface RelayThreadsCollaborators {
  readonly clock: Clock;
  readonly code: ThreadCode;
  readonly eventsOf: (worker: number) => RelayThreadEvents;
}

export class RelayThreads {
  readonly #collaborators: RelayThreadsCollaborators;
  readonly #setup: Omit<WorkerSetup, 'index' | 'driver'>;
  readonly #threads: RelayThread[] = [];
  readonly #listening: number;
  readonly #driver: DriverName;

  constructor(
    collaborators: RelayThreadsCollaborators,
    setup: Omit<WorkerSetup, 'index' | 'driver'>,
    options: { readonly workers: number; readonly driver: DriverName },
  ) {
    this.#collaborators = collaborators;
    this.#setup = setup;
    this.#listening = options.workers;
    this.#driver = options.driver;
    for (let worker = 0; worker < options.workers; worker++) this.#start({ ...setup, driver: options.driver });
  }

  get all(): readonly RelayThread[] {
    return this.#threads;
  }

  get listening(): readonly RelayThread[] {
    return this.#threads.slice(0, this.#listening);
  }

  /** The number of the thread that speaks TLS for the others, once there is one. */
  get tlsWorker(): number | undefined {
    return this.#threads.length > this.#listening ? this.#listening : undefined;
  }

  listens(worker: number): boolean {
    return worker < this.#listening;
  }

  /** Starts the thread that speaks TLS, unless the threads that listen can do all that this table needs. */
  startTlsThreadFor(table: RoutingTable): void {
    if (this.tlsWorker !== undefined || this.#driver === 'stream') return;
    if (dialsTls(table) || (endsTls(table) && this.listening.some((thread) => !thread.endsTls)))
      this.#start({ ...this.#setup, driver: 'stream' });
  }

  /** Connects a worker that is ready to the thread that speaks TLS; if it is that thread, connects all others to it. */
  connectTlsThread(worker: number): void {
    const tlsThread = this.tlsWorker === undefined ? undefined : this.#threads[this.tlsWorker];
    if (!tlsThread?.ready) return;
    for (const thread of this.listens(worker) ? [this.#threads[worker]] : this.listening) {
      if (!thread?.ready) continue;
      const { port1, port2 } = new MessageChannel();
      const receivedCount = createReceivedCount();
      tlsThread.post({ kind: 'handoff', port: port1, receivedCount });
      thread.post({ kind: 'handoff', port: port2, receivedCount });
    }
  }

  #start(setup: Omit<WorkerSetup, 'index'>): void {
    const index = this.#threads.length;
    const { code, clock, eventsOf } = this.#collaborators;
    this.#threads.push(new RelayThread(code, { ...setup, index }, clock, eventsOf(index)));
  }
}
