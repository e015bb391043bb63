import type { Socket } from 'node:net';

/**
 * One direction of a session: copies, holds back a source whose sink is full, passes the end on. An end ends only this
 * direction; errors are the channel's business.
 */
export class HalfPipe {
  bytes = 0;
  /** The source has ended. */
  ended = false;
  readonly #source: Socket;
  readonly #sink: Socket;

  /** `early`: what was read of the source before. */
  constructor(source: Socket, sink: Socket, early: readonly Buffer[] = []) {
    this.#source = source;
    this.#sink = sink;
    for (const chunk of early) this.#copy(chunk);
    source.on('data', (chunk: Buffer) => this.#copy(chunk));
    source.on('end', () => {
      this.ended = true;
      sink.end();
    });
    sink.on('drain', () => source.resume());
    if (sink.writableNeedDrain) source.pause();
    else source.resume();
  }

  #copy(chunk: Buffer): void {
    this.bytes += chunk.length;
    if (!this.#sink.write(chunk)) this.#source.pause();
  }
}
