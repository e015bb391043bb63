/**
 * The memory that a relay thread shares with its bulk thread: slots for jobs, and a bell. A job is one direction of a
 * session. Its state says which thread may change it next:
 *
 *   free ──relay──▶ given ──bulk──▶ returned ──relay──▶ free
 *                     └──relay──▶ recalled ──bulk──▶ returned
 */
export interface JobMemory {
  readonly cells: SharedArrayBuffer;
  /** The number of bytes that each job has taken from its source. */
  readonly moved: SharedArrayBuffer;
}

/** The most jobs at once. The relay thread moves the bytes of all other directions itself. */
export const mostJobs = 32;

type JobState = 'free' | 'given' | 'recalled' | 'returned';
const states: readonly JobState[] = ['free', 'given', 'recalled', 'returned'];

/** The descriptors of a job. The relay thread opens and closes them. */
export interface JobDescriptors {
  readonly source: number;
  readonly sink: number;
  /** An empty pipe, and the number of bytes that it holds. */
  readonly readEnd: number;
  readonly writeEnd: number;
  readonly size: number;
}

/** How a job is returned: in good order, or after a failure, as minus errno. */
export interface JobResult {
  /** The number of bytes in the pipe, which the sink is still to get. */
  readonly piped: number;
  /** The failure of a read; the pipe is empty then. */
  readonly sourceFailure: number;
  readonly sinkFailure: number;
}

const [source, sink, readEnd, writeEnd, size, piped, sourceFailure, sinkFailure, state] = [0, 1, 2, 3, 4, 5, 6, 7, 8];
const stride = 9;
const bell = mostJobs * stride;
const dismissed = bell + 1;
const ended = bell + 2;

export function createJobMemory(): JobMemory {
  return {
    cells: new SharedArrayBuffer((ended + 1) * Int32Array.BYTES_PER_ELEMENT),
    moved: new SharedArrayBuffer(mostJobs * Float64Array.BYTES_PER_ELEMENT),
  };
}

export class JobCells {
  readonly #cells: Int32Array<SharedArrayBuffer>;
  readonly #moved: Float64Array<SharedArrayBuffer>;

  constructor({ cells, moved }: JobMemory) {
    this.#cells = new Int32Array(cells);
    this.#moved = new Float64Array(moved);
  }

  stateOf(job: number): JobState {
    return states[Atomics.load(this.#cells, job * stride + state)] ?? 'free';
  }

  give(job: number, fds: JobDescriptors): void {
    this.#moved[job] = 0;
    this.#cells.set([fds.source, fds.sink, fds.readEnd, fds.writeEnd, fds.size], job * stride);
    Atomics.store(this.#cells, job * stride + state, states.indexOf('given'));
    this.#ring();
  }

  descriptorsOf(job: number): JobDescriptors {
    const at = (field: number): number => this.#cells[job * stride + field] ?? 0;
    return { source: at(source), sink: at(sink), readEnd: at(readEnd), writeEnd: at(writeEnd), size: at(size) };
  }

  /** Requests a job back, unless it was returned meanwhile. */
  recall(job: number): void {
    const [given, recalled] = [states.indexOf('given'), states.indexOf('recalled')];
    Atomics.compareExchange(this.#cells, job * stride + state, given, recalled);
    this.#ring();
  }

  giveBack(job: number, result: JobResult): void {
    this.#cells.set([result.piped, result.sourceFailure, result.sinkFailure], job * stride + piped);
    Atomics.store(this.#cells, job * stride + state, states.indexOf('returned'));
  }

  /** Frees the slot of a job that was returned. */
  takeBack(job: number): JobResult {
    const at = (field: number): number => this.#cells[job * stride + field] ?? 0;
    const result = { piped: at(piped), sourceFailure: at(sourceFailure), sinkFailure: at(sinkFailure) };
    Atomics.store(this.#cells, job * stride + state, states.indexOf('free'));
    return result;
  }

  movedOf(job: number): number {
    return this.#moved[job] ?? 0;
  }

  countMoved(job: number, bytes: number): void {
    this.#moved[job] = bytes;
  }

  /** How often the bell has rung: it rings after each change that the relay thread makes. */
  get rings(): number {
    return Atomics.load(this.#cells, bell);
  }

  /** Sleeps until the bell has rung once more than `rings` times. */
  waitForRing(rings: number): void {
    Atomics.wait(this.#cells, bell, rings);
  }

  /** Tells the bulk thread to end. */
  dismiss(): void {
    Atomics.store(this.#cells, dismissed, 1);
    this.#ring();
  }

  get isDismissed(): boolean {
    return Atomics.load(this.#cells, dismissed) === 1;
  }

  /** Tells the relay thread that the bulk thread uses no descriptor any more. */
  end(): void {
    Atomics.store(this.#cells, ended, 1);
    Atomics.notify(this.#cells, ended);
  }

  waitForEnd(mostMs: number): void {
    Atomics.wait(this.#cells, ended, 0, mostMs);
  }

  #ring(): void {
    Atomics.add(this.#cells, bell, 1);
    Atomics.notify(this.#cells, bell);
  }
}
