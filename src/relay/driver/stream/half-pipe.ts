import type { Socket } from 'node:net';

/**
 * One direction of a session: copies bytes, pauses the source while the sink is full, and passes the source's end on.
 * An end ends only this direction; the channel handles errors.
 */
export class StreamHalfPipe {
  bytes = 0;
  /** True once the source has ended. */
  ended = false;
  readonly #source: Socket;
  readonly #sink: Socket;
  readonly #onHeldBack: (() => void) | undefined;
  readonly #onData = (chunk: Buffer): void => this.#copy(chunk);
  readonly #onEnd = (): void => this.end();
  readonly #onDrain = (): void => void this.#source.resume();

  /**
   * `early`: bytes that were read from the source before. `onHeldBack` is called when the source is paused because the
   * sink is full.
   */
  constructor(source: Socket, sink: Socket, early: readonly Buffer[] = [], onHeldBack?: () => void) {
    this.#source = source;
    this.#sink = sink;
    this.#onHeldBack = onHeldBack;
    for (const chunk of early) this.#copy(chunk);
    source.on('data', this.#onData);
    source.on('end', this.#onEnd);
    sink.on('drain', this.#onDrain);
    if (sink.writableNeedDrain) this.#holdBack();
    else source.resume();
  }

  /** Passes on that the source has ended. */
  end(): void {
    this.ended = true;
    this.#sink.end();
  }

  /** Stops listening to both sockets, and leaves them as they are. */
  detach(): void {
    this.#source.off('data', this.#onData);
    this.#source.off('end', this.#onEnd);
    this.#sink.off('drain', this.#onDrain);
  }

  #copy(chunk: Buffer): void {
    this.bytes += chunk.length;
    if (!this.#sink.write(chunk)) this.#holdBack();
  }

  #holdBack(): void {
    this.#source.pause();
    this.#onHeldBack?.();
  }
}
