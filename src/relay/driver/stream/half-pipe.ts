import type { Socket } from 'node:net';

/**
 * One direction of a session: copies, holds back a source whose sink is full, passes the end on. An end ends only this
 * direction; errors are the channel's business.
 */
export class StreamHalfPipe {
  bytes = 0;
  /** The source has ended. */
  ended = false;
  readonly #source: Socket;
  readonly #sink: Socket;
  readonly #onHeldBack: (() => void) | undefined;
  readonly #onData = (chunk: Buffer): void => this.#copy(chunk);
  readonly #onEnd = (): void => {
    this.ended = true;
    this.#sink.end();
  };
  readonly #onDrain = (): void => void this.#source.resume();

  /** `early`: what was read of the source before. `onHeldBack`: it is no longer read, as the sink is full. */
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

  /** Lets go of both sockets as they are. */
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
