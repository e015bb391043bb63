/**
 * Pipes that splice(2) moves bytes through. Making one costs three calls, so those that are empty are kept, the last used
 * first. None is ever given back with bytes in it: it would hand one session's bytes to another.
 */
export interface Pipe {
  readonly readEnd: number;
  readonly writeEnd: number;
  readonly size: number;
}

/** What the pool needs of libc. */
export interface PipeCalls {
  pipe(): number;
  readonly pipeWriteEnd: number;
  resizePipe(fd: number, size: number): number;
  close(fd: number): number;
}

interface PipePoolOptions {
  /** Asked of the kernel; users without privileges get less once they have many (fs.pipe-user-pages-soft, pipe(7)). */
  readonly pipeSize: number;
  /** Pipes at once, in use or kept. */
  readonly maxPipes: number;
  /** Pipes kept while nobody needs them. */
  readonly maxIdle: number;
}

/** F_SETPIPE_SZ refused: what pipe(7) gives. */
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

  /** In use and kept. */
  get open(): number {
    return this.#open;
  }

  /** Undefined when there are as many as allowed, or the kernel gives no more. */
  acquire(): Pipe | undefined {
    return this.#idle.pop() ?? this.#create();
  }

  /** `pipe` is empty. */
  release(pipe: Pipe): void {
    if (this.#idle.length < this.#options.maxIdle) this.#idle.push(pipe);
    else this.discard(pipe);
  }

  /** Whatever is in it is gone. */
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
