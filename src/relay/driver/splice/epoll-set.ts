import { word } from './libc-symbols.ts';
import type { Calls, Libc, Memory } from './libc.ts';

/**
 * A set of descriptors that the kernel reports events of (epoll(7)), with the memory that the events are written to. As
 * in libc.ts a call returns its result, or minus errno.
 */
/** The greatest number of events that one wait reports. */
export const maxEvents = 256;
const bytesOfEvent = 16;

export class EpollSet {
  /** The set's descriptor; minus errno where it could not be created. */
  readonly fd: number;
  readonly #calls: Calls;
  readonly #event: Memory;
  readonly #eventWords: Int32Array;
  readonly #events: Memory;
  readonly #eventsWords: Int32Array;
  /** struct epoll_event is packed on x86-64 only (sys/epoll.h): u32 events, u64 data. */
  readonly #stride = process.arch === 'x64' ? 3 : 4;
  readonly #dataAt = process.arch === 'x64' ? 1 : 2;

  constructor(libc: Libc) {
    this.fd = libc.epoll();
    this.#calls = libc.calls;
    this.#event = libc.allocate(bytesOfEvent);
    this.#eventWords = new Int32Array(this.#event.bytes.buffer);
    this.#events = libc.allocate(maxEvents * bytesOfEvent);
    this.#eventsWords = new Int32Array(this.#events.bytes.buffer);
  }

  /** `tag` is returned with each event of the descriptor. */
  add(fd: number, events: number, tag: number): number {
    return this.#control(1n, fd, events, tag);
  }

  modify(fd: number, events: number, tag: number): number {
    return this.#control(3n, fd, events, tag);
  }

  remove(fd: number): number {
    return this.#control(2n, fd, 0, 0);
  }

  /** Waits for events; the number of those that `eventMask`, `eventFd` and `eventTag` can now read. */
  wait(timeoutMs: number): number {
    const { functions, result } = this.#calls;
    return result(functions.epoll_wait(word(this.fd), this.#events.pointer, word(maxEvents), word(timeoutMs)));
  }

  eventMask(index: number): number {
    return this.#eventsWords[index * this.#stride] ?? 0;
  }

  eventFd(index: number): number {
    return this.#eventsWords[index * this.#stride + this.#dataAt] ?? 0;
  }

  eventTag(index: number): number {
    return this.#eventsWords[index * this.#stride + this.#dataAt + 1] ?? 0;
  }

  #control(operation: bigint, fd: number, events: number, tag: number): number {
    this.#eventWords[0] = events;
    this.#eventWords[this.#dataAt] = fd;
    this.#eventWords[this.#dataAt + 1] = tag;
    const { functions, result } = this.#calls;
    return result(functions.epoll_ctl(word(this.fd), operation, word(fd), this.#event.pointer));
  }
}
