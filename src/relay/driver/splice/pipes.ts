/**
 * The pipes that splice(2) moves bytes through. Making one costs three calls, so empty pipes are kept and the last used
 * goes out first. A pipe with bytes in it is never kept: it would hand one session's bytes to another.
 */
export interface Pipe {
  readonly readEnd: number;
  readonly writeEnd: number;
  readonly size: number;
}

/** The calls of libc that the pool needs. */
export interface PipeCalls {
  pipe(): number;
  readonly pipeWriteEnd: number;
  resizePipe(fd: number, size: number): number;
  close(fd: number): number;
}

interface PipePoolOptions {
  /**
   * The size requested from the kernel; users without privileges get less once they have many pipes
   * (fs.pipe-user-pages-soft, pipe(7)).
   */
  readonly pipeSize: number;
  /** The greatest number of pipes, those in use and the kept ones together. */
  readonly maxPipes: number;
  /** The greatest number of pipes that are kept while unused. */
  readonly maxIdle: number;
}

/** The size of a pipe where the kernel refused F_SETPIPE_SZ (pipe(7)). */
const defaultPipeSize = 65_536;

export class PipePool {
  readonly #calls: PipeCalls;
  readonly #options: PipePoolOptions;
  readonly #idle: Pipe[] = [];
  #open = 0;

  constructor(calls: PipeCalls, options: PipePoolOptions) {
    this.#calls = calls;
    this.#options = options;
  }

  /** The number of pipes, those in use and the kept ones together. */
  get open(): number {
    return this.#open;
  }

  /** An empty pipe; undefined when the limit is reached or the kernel gives no more. */
  acquire(): Pipe | undefined {
    return this.#idle.pop() ?? this.#create();
  }

  /** Takes back a pipe, which must be empty. */
  release(pipe: Pipe): void {
    if (this.#idle.length < this.#options.maxIdle) this.#idle.push(pipe);
    else this.discard(pipe);
  }

  /** Closes a pipe; bytes in it are lost. */
  discard(pipe: Pipe): void {
    this.#open -= 1;
    this.#calls.close(pipe.readEnd);
    this.#calls.close(pipe.writeEnd);
  }

  close(): void {
    for (const pipe of this.#idle.splice(0)) this.discard(pipe);
  }

  #create(): Pipe | undefined {
    if (this.#open >= this.#options.maxPipes) return undefined;
    const readEnd = this.#calls.pipe();
    if (readEnd < 0) return undefined;
    const writeEnd = this.#calls.pipeWriteEnd;
    const size = this.#calls.resizePipe(writeEnd, this.#options.pipeSize);
    this.#open += 1;
    return { readEnd, writeEnd, size: size < 0 ? defaultPipeSize : size };
  }
}
