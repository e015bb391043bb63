import { MessageChannel } from 'node:worker_threads';
import type { Clock } from '../../time/clock.ts';
import { createTaken } from '../boundary/descriptor-channel.ts';
import type { DriverName, WorkerSetup } from '../boundary/messages.ts';
import { WorkerSeat, type SeatEvents } from './relay-thread.ts';

/**
 * The threads of a plane: those that listen, first; then, once one is needed, the one that ends TLS for them, because
 * they can't (see intake/handoff.ts). Each has a number, by which it is known ever after.
 */
export interface SeatsCollaborators {
  readonly clock: Clock;
  readonly workerUrl: URL;
  readonly eventsOf: (worker: number) => SeatEvents;
}

export class Seats {
  readonly #collaborators: SeatsCollaborators;
  readonly #setup: Omit<WorkerSetup, 'index' | 'driver'>;
  readonly #seats: WorkerSeat[] = [];
  readonly #listening: number;

  constructor(
    collaborators: SeatsCollaborators,
    setup: Omit<WorkerSetup, 'index' | 'driver'>,
    options: { readonly workers: number; readonly driver: DriverName },
  ) {
    this.#collaborators = collaborators;
    this.#setup = setup;
    this.#listening = options.workers;
    for (let worker = 0; worker < options.workers; worker++) this.#start({ ...setup, driver: options.driver });
  }

  get all(): readonly WorkerSeat[] {
    return this.#seats;
  }

  get listening(): readonly WorkerSeat[] {
    return this.#seats.slice(0, this.#listening);
  }

  /** The number of the thread that ends TLS, once there is one. */
  get tlsWorker(): number | undefined {
    return this.#seats.length > this.#listening ? this.#listening : undefined;
  }

  listens(worker: number): boolean {
    return worker < this.#listening;
  }

  startTlsThread(): void {
    if (this.tlsWorker === undefined) this.#start({ ...this.#setup, driver: 'stream' });
  }

  /** `worker` is ready: a way for clients from it to the thread that ends TLS, or from all to that one. */
  join(worker: number): void {
    const tlsSeat = this.tlsWorker === undefined ? undefined : this.#seats[this.tlsWorker];
    if (!tlsSeat?.ready) return;
    for (const seat of this.listens(worker) ? [this.#seats[worker]] : this.listening) {
      if (!seat?.ready) continue;
      const { port1, port2 } = new MessageChannel();
      const taken = createTaken();
      tlsSeat.post({ kind: 'handover', port: port1, taken });
      seat.post({ kind: 'handover', port: port2, taken });
    }
  }

  #start(setup: Omit<WorkerSetup, 'index'>): void {
    const index = this.#seats.length;
    const { workerUrl, clock, eventsOf } = this.#collaborators;
    this.#seats.push(new WorkerSeat(workerUrl, { ...setup, index }, clock, eventsOf(index)));
  }
}
