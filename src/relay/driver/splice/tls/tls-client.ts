import { EarlyBuffer } from '../../early-buffer.ts';
import type { ClientSide } from '../client-side.ts';
import type { EpollLoop } from '../epoll-loop.ts';
import { again, readyError, readyHangup, readyIn, readyOut, readyPeerEnd, type Memory } from '../libc.ts';
import { broken, mostFed, type OpenSsl, type Ssl } from './openssl.ts';
import type { ServerContext } from './server-context.ts';
import type { ByteEnd } from './tls-half-pipe.ts';

/**
 * The TLS of one client, on the client's socket. Of a record that was read from the socket, the bytes not taken here cause no
 * event, so a reader must read until `again`. What is peeked at is kept here, since OpenSSL shows no more than one record.
 */
const none = 0n;
const gone = -9; // EBADF
const readable = readyIn | readyPeerEnd | readyError | readyHangup;
const writable = readyOut | readyError | readyHangup;
/** The most records of which a peek takes bytes; an event follows if there are more. */
const mostPeeked = 32;

export class TlsClient implements ClientSide, ByteEnd {
  readonly fd: number;
  readonly readsAtOnce = false;
  /** True once the handshake has failed; the client has been told why. */
  hasFailed = false;
  readonly #openssl: OpenSsl;
  readonly #loop: EpollLoop;
  readonly #protocol: string | undefined;
  #ssl: Ssl;
  #early: EarlyBuffer | undefined;
  #hasEnded = false;
  /** What every read returns from now on: OpenSSL tells a failure once. */
  #failure = 0;
  #isClosed = false;
  /** True until OpenSSL reads the socket itself: during the handshake it is fed. */
  #isFed = true;
  #readWantsRoom = false;
  /** Whether the handshake waits for the socket to take bytes. */
  #writeWantsRoom = false;
  #writeWantsBytes = false;

  /** `protocol`: the application protocol that the client is to get (RFC 7301). */
  constructor({ openssl, pointer }: ServerContext, loop: EpollLoop, fd: number, protocol: string | undefined) {
    this.#openssl = openssl;
    this.#loop = loop;
    this.#protocol = protocol;
    this.fd = fd;
    this.#ssl = openssl.accept(pointer, fd);
  }

  /** Takes a step of the handshake: `done`, `waiting` for an event, `more` to do, or why it failed, in a few words. */
  handshake(): 'done' | 'waiting' | 'more' | { readonly failed: string } {
    if (this.#ssl === none) return this.#fail(gone);
    for (let taken = 0; ;) {
      // What OpenSSL has to say comes first: a client that does not listen is not read.
      const isBlocked = this.#writeWantsRoom;
      const fed = isBlocked ? 0 : this.#openssl.feed(this.#ssl, this.fd, mostFed - taken);
      if (fed === again) return 'waiting';
      if (fed < 0 || (fed === 0 && !isBlocked)) return this.#fail(fed);
      const result = this.#openssl.handshake(this.#ssl, this.#protocol);
      if (result === 1) return 'done';
      if (result !== again) return this.#fail(result);
      this.#writeWantsRoom = this.#openssl.wantsRoom;
      this.#watchRoom();
      if (this.#writeWantsRoom) return 'waiting';
      taken += fed;
      if (taken === mostFed) return 'more';
    }
  }

  /** 1 if there is a byte to read, 0 at the end, or minus errno; nothing is consumed. */
  peek(): number {
    if (this.#early && this.#early.length > 0) return 1;
    if (this.#failure !== 0) return this.#failure;
    let result;
    do result = this.#openssl.peek(this.#ssl);
    while (result === again && this.#readsOn());
    return this.#onRead(result);
  }

  peekInto(into: Memory, limit: number): number {
    const early = (this.#early ??= new EarlyBuffer());
    const kept = early.view(limit);
    into.bytes.set(kept);
    let { length } = kept;
    for (let records = 0; length < limit; records++) {
      if (records === mostPeeked) {
        this.#loop.rearm(this.fd);
        return length;
      }
      const read = this.#read(into, length, limit - length);
      if (read <= 0) return length > 0 ? length : read;
      early.add(Buffer.from(into.bytes.subarray(length, length + read)));
      length += read;
    }
    return length;
  }

  hasEnded(): boolean {
    return this.#hasEnded;
  }

  readSome(into: Memory, length: number): number {
    return this.#take(into, 0, length);
  }

  readAt(into: Memory, offset: number): number {
    return this.#take(into, offset, into.size - offset);
  }

  write(from: Memory, length: number): number {
    return this.writeFrom(from, 0, length);
  }

  /** Writes as much as the socket takes. After less than all, the rest must be written next. */
  writeFrom(from: Memory, offset: number, length: number): number {
    if (this.#isClosed) return this.#failure || gone;
    for (let written = 0; ;) {
      const result = this.#openssl.write(this.#ssl, from, offset + written, length - written);
      if (result > 0) written += result;
      else if (result === again) {
        this.#writeWantsBytes = !this.#openssl.wantsRoom;
        this.#watchRoom();
        return written > 0 ? written : again;
      } else {
        this.#isClosed = true;
        return result || broken;
      }
      if (written === length) return written;
    }
  }

  end(): void {
    this.close();
    this.#loop.libc.shutdownWrite(this.fd);
  }

  close(): number {
    if (this.#isClosed) return 0;
    const result = this.#openssl.notifyClose(this.#ssl);
    if (result === again) this.#watchRoom();
    else this.#isClosed = true;
    return result === again ? again : 0;
  }

  isReadable(mask: number): boolean {
    return (mask & readable) !== 0 || (this.#readWantsRoom && (mask & readyOut) !== 0);
  }

  isWritable(mask: number): boolean {
    return (mask & writable) !== 0 || (this.#writeWantsBytes && (mask & readyIn) !== 0);
  }

  /** Frees OpenSSL's memory, once; the socket stays open. */
  free(): void {
    if (this.#ssl === none) return;
    this.#openssl.free(this.#ssl);
    this.#ssl = none;
    this.#failure = gone;
    this.#isClosed = true;
  }

  /** Takes bytes that were peeked at, or else new ones. */
  #take(into: Memory, offset: number, length: number): number {
    const early = this.#early;
    if (!early || early.length === 0) return this.#read(into, offset, length);
    const kept = early.view(length);
    const count = kept.length;
    into.bytes.set(kept, offset);
    early.consume(count);
    return count;
  }

  #read(into: Memory, offset: number, length: number): number {
    if (this.#failure !== 0) return this.#failure;
    let result;
    do result = this.#openssl.read(this.#ssl, into, offset, length);
    while (result === again && this.#readsOn());
    return this.#onRead(result);
  }

  #fail(result: number): { readonly failed: string } {
    this.hasFailed = true;
    this.#failure = result || gone;
    this.#isClosed = true;
    const { reason } = this.#openssl;
    return { failed: result === broken && reason !== '' ? reason : 'the client left' };
  }

  /** Whether a read that found nothing is to be repeated: no event tells of what is left of the last step. */
  #readsOn(): boolean {
    if (!this.#isFed || this.#openssl.wantsRoom) return false;
    if (this.#openssl.isFed(this.#ssl)) return true;
    this.#isFed = false;
    this.#openssl.readSocket(this.#ssl, this.fd);
    return true;
  }

  #onRead(result: number): number {
    if (result > 0) return result;
    if (result === again) this.#onAgain();
    else if (result === 0) this.#hasEnded = true;
    else {
      this.#failure = result;
      // After a failure OpenSSL takes no more writes (SSL_get_error(3)).
      this.#isClosed = true;
    }
    return result;
  }

  #onAgain(): void {
    this.#readWantsRoom = this.#openssl.wantsRoom;
    if (this.#openssl.mayHaveMore) this.#loop.rearm(this.fd);
    else this.#watchRoom();
  }

  #watchRoom(): void {
    if (this.#openssl.wantsRoom) this.#loop.watchOut(this.fd);
  }
}
