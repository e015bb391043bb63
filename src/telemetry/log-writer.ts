import type { Clock } from '../time/clock.ts';

/**
 * Writes log lines in order to a descriptor whose reader may be slow, stuck or gone, and whose disk may be full. The
 * thread that writes the log also decides what is served, so it never waits: lines are kept up to a bound, then lost and
 * counted. A write that failed is tried again for as long as the process runs, but never keeps the process alive.
 */
export interface LogFile {
  /** As write(2): `done` gets an error, or the number of bytes that were taken. */
  write(bytes: Uint8Array, done: (error: NodeJS.ErrnoException | null, taken: number) => void): void;
  /** The same at once, for the end of the process. @throws the error of write(2) */
  writeSync(bytes: Uint8Array): number;
}

/** The lines that are kept: about ten thousand. */
const mostBytes = 4 * 1024 * 1024;
/** The most bytes of one write: as much as Docker's log drivers read at once. */
const writeBytes = 16 * 1024;
/** A pipe that is full has a reader that reads soon; any other failure (a full disk, no reader) takes longer to end. */
const retryMs = { full: 100, failed: 1_000 };
const nothing = new Uint8Array();

export class LogWriter {
  readonly #file: LogFile;
  readonly #clock: Clock;
  /** Whole lines, joined to texts of about `writeBytes`. */
  #texts: string[] = [];
  /** The rest of the text whose write has begun. */
  #rest: Uint8Array = nothing;
  #bytes = 0;
  /** `writing`: the system has the bytes. `retrying`: a timer runs. */
  #state: 'idle' | 'writing' | 'retrying' = 'idle';
  #lost = 0;
  #untold = 0;
  #onCaughtUp: ((lost: number) => void) | undefined;
  readonly #flushed = new Set<() => void>();

  constructor(file: LogFile, clock: Clock) {
    this.#file = file;
    this.#clock = clock;
  }

  /** The lines that were lost since the start. */
  get lost(): number {
    return this.#lost;
  }

  /** Calls `tell` with the number of lines lost since the last call, once all lines before them are written. */
  onCaughtUp(tell: (lost: number) => void): void {
    this.#onCaughtUp = tell;
  }

  readonly write = (line: string): void => {
    const size = Buffer.byteLength(line);
    if (this.#bytes + size > mostBytes) {
      this.#lost += 1;
      this.#untold += 1;
      return;
    }
    this.#bytes += size;
    const last = this.#texts.length - 1;
    const text = this.#texts[last];
    if (text !== undefined && text.length + line.length <= writeBytes) this.#texts[last] = text + line;
    else this.#texts.push(line);
    if (this.#state === 'idle') this.#writeNext();
  };

  /** Resolves once all lines are written, a write has failed, or `patienceMs` have passed; never rejects. */
  flush(patienceMs: number): Promise<void> {
    if (this.#state === 'idle') return Promise.resolve();
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(patience);
        this.#flushed.delete(done);
        resolve();
      };
      // This timer keeps the process alive, as the clock's timers do not.
      const patience = setTimeout(done, patienceMs);
      this.#flushed.add(done);
    });
  }

  /** Writes what can be written at once, as the process ends. Bytes that the system has already are not repeated. */
  writeLast(): void {
    if (this.#state === 'writing') this.#rest = nothing;
    try {
      while (this.#fill()) this.#taken(this.#file.writeSync(this.#rest));
    } catch {
      // The log is full or broken, and no other place is left to report it.
    }
  }

  /** Sets the bytes of the next write; false where there are none. */
  #fill(): boolean {
    if (this.#rest.length === 0) this.#rest = Buffer.from(this.#texts.shift() ?? '');
    return this.#rest.length > 0;
  }

  #taken(count: number): void {
    this.#rest = this.#rest.subarray(count);
    this.#bytes -= count;
  }

  #writeNext(): void {
    if (!this.#fill()) return this.#caughtUp();
    this.#state = 'writing';
    this.#file.write(this.#rest, (error, taken) => {
      if (error) return this.#retry(error.code === 'EAGAIN' ? 'full' : 'failed');
      this.#taken(taken);
      this.#writeNext();
    });
  }

  #retry(why: keyof typeof retryMs): void {
    this.#state = 'retrying';
    this.#clock.after(retryMs[why], () => this.#writeNext());
    if (why === 'failed') this.#endFlush();
  }

  #caughtUp(): void {
    this.#state = 'idle';
    const count = this.#untold;
    this.#untold = 0;
    if (count > 0) this.#onCaughtUp?.(count);
    if (this.#state === 'idle') this.#endFlush();
  }

  #endFlush(): void {
    for (const done of this.#flushed) done();
  }
}
