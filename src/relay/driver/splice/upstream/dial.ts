import { closedUnanswered, type Confirm, type Preface, type RelayEnd } from '../../driver.ts';
import type { Endpoint } from '../../../boundary/table.ts';
import { Answer, type AnswerEvents } from './answer.ts';
import { Trial, type TrialEvents, type TriedClient } from './trial.ts';
import { isStranger } from '../../../../network/strangers.ts';
import { isSelfConnected, keepOnMachine, type DialFacts } from '../connection.ts';
import type { Deferred, FdWatcher } from '../epoll-loop.ts';
import type { HalfPipeParts } from '../half-pipe.ts';
import { errorCode, onEdge, readyError, readyHangup, readyIn, readyOut, readyPeerEnd, readyUrgent } from '../libc.ts';

/**
 * One connection to an upstream, from the attempt to connect until a relay takes it over.
 */
export interface DialParts extends HalfPipeParts, DialFacts {
  readonly confirm: Confirm;
}

export interface Dialer {
  /** Whether the client has sent any byte yet; undefined while that is not known. */
  readonly hasSpoken: boolean | undefined;
  onDialed(dial: Dial): void;
  /** The dial failed, and its socket is closed. */
  onDialFailed(code: string, dial: Dial): void;
}

export interface TryEvents extends TrialEvents {
  /** The upstream answered the preface with another byte than the expected one, or not in time. */
  onRelayOver(reason: RelayEnd): void;
}

const none = -1;
const inProgress = -115;
const already = -114;
/** The events of a socket that is only read for now; writability is watched once a write would block. */
export const tellReads = onEdge(readyIn | readyPeerEnd | readyUrgent);
/** The events of a socket that is connecting: its first writability reports that it has connected. */
const tellAll = tellReads | readyOut;

export class Dial implements FdWatcher, Deferred {
  fd = none;
  /** All events that epoll has reported for the socket since it connected. */
  mask = 0;
  isDialed = false;
  /** True while it is not known whether a process listens behind the port proxy that has answered. */
  isOnTrial = false;
  /** True while the last packet of the TCP handshake waits for the first bytes. */
  holdsAck = false;
  /** True once the upstream has answered a preface as expected. */
  wasAnswered = false;
  readonly #parts: DialParts;
  readonly #endpoint: Endpoint;
  readonly #dialer: Dialer;
  #isOver = false;
  /** Whether the engine has said that the address is the container's; undefined where it was not asked. */
  #isConfirmed: boolean | undefined;
  #failure: string | undefined;
  #answer: Answer | undefined;
  #trial: Trial | undefined;

  constructor(parts: DialParts, endpoint: Endpoint, dialer: Dialer) {
    this.#parts = parts;
    this.#endpoint = endpoint;
    this.#dialer = dialer;
  }

  /**
   * Connects as soon as it is known whether the client has sent any byte, which takes microseconds. If it has, the last
   * packet of the handshake waits for these bytes and travels with them: a tenth less CPU for a short session
   * (measured).
   */
  start(): void {
    this.#parts.loop.defer(this);
  }

  /** Fails the dial, with an error code of Node's. */
  refuse(code: string): void {
    this.#failure = code;
    this.start();
  }

  /** Sends the preface, and waits for the byte with which the upstream must answer it. */
  ask(preface: Preface, events: AnswerEvents): void {
    this.#answer = new Answer(this.#parts, this.fd, preface, {
      onExpected: () => {
        this.#answer = undefined;
        this.wasAnswered = true;
        events.onExpected();
      },
      onOther: (reason, isSilent) => events.onOther(reason, isSilent),
    });
  }

  /** Tries out the connection, which leads to a port proxy (see `Channel.settle`). */
  try(client: TriedClient, withinMs: number, preface: Preface | undefined, events: TryEvents): void {
    this.isOnTrial = true;
    const onPassed = (): void => {
      this.isOnTrial = false;
      events.onPassed();
    };
    const onFailed = (code: string, wasRead: boolean): void => events.onFailed(code, wasRead);
    const onOther = (reason: RelayEnd, isSilent: boolean): void =>
      isSilent ? onFailed(closedUnanswered, false) : events.onRelayOver(reason);
    if (preface?.expect !== undefined) return this.ask(preface, { onExpected: onPassed, onOther });
    const connection = { ...client, upstream: this.fd };
    this.#trial = new Trial(this.#parts, connection, withinMs, preface?.bytes, { onPassed, onFailed });
  }

  /** How many of the client's bytes the upstream has got while it was tried out. */
  get sent(): number {
    return this.#trial?.sent ?? 0;
  }

  /** The client's socket is ready while the upstream is tried out. */
  onClient(mask: number): void {
    this.#trial?.onClient(mask);
  }

  /** Closes the connection with a reset. */
  abort(): void {
    if (this.isDialed) this.#parts.libc.setResetOnClose(this.fd);
    this.close();
  }

  close(): void {
    this.#isOver = true;
    this.#answer?.stop();
    this.#trial?.stop();
    if (this.fd !== none) this.#parts.loop.close(this.fd);
    this.fd = none;
  }

  onReady(_: number, mask: number): void {
    if (!this.isDialed && this.#isConfirmed === undefined) return this.#onConnecting(mask);
    this.mask |= mask;
    this.#answer?.onReady();
    this.#trial?.onUpstream();
  }

  runDeferred(): void {
    if (this.#isOver) return;
    if (this.#failure !== undefined) return this.#fail(this.#failure);
    if (this.#isConfirmed) return this.#onAnswered();
    const { hasSpoken } = this.#dialer;
    if (hasSpoken === undefined) this.start();
    else this.#connect(hasSpoken);
  }

  #connect(hasSpoken: boolean): void {
    const { libc, loop } = this.#parts;
    const { host, port, isDirect } = this.#endpoint;
    const fd = libc.streamSocket(host);
    if (fd < 0) return this.#fail(errorCode(fd));
    this.fd = fd;
    if (isDirect) {
      const result = keepOnMachine(this.#parts, fd, host);
      if (result < 0) return this.#fail(errorCode(result));
    }
    if (hasSpoken) {
      this.holdsAck = true;
      libc.setQuickAck(fd, false);
    }
    const result = this.#connectNow(fd, host, port);
    const isInProgress = result === inProgress || result === already;
    if (result < 0 && !isInProgress) return this.#fail(errorCode(result));
    const watched = loop.watch(fd, isInProgress ? tellAll : tellReads, this);
    if (watched < 0) return this.#fail(errorCode(watched));
    if (!isInProgress) this.#onConnected(0);
  }

  /**
   * Calls connect(2) a second time where the first call returned EINPROGRESS. On one machine, containers included, the
   * whole handshake takes place within the first call, which returns EINPROGRESS all the same. The second call then
   * returns 0 or the error; it returns EALREADY where the handshake still goes on, and epoll reports its end. So the
   * client's bytes leave in this turn of the loop instead of the next.
   */
  #connectNow(fd: number, host: string, port: number): number {
    const { libc } = this.#parts;
    const result = libc.connect(fd, host, port);
    return result === inProgress ? libc.connect(fd, host, port) : result;
  }

  /**
   * Handles the end of a connect under way. A Unix socket never gets here: its connect(2) is over when it returns
   * (unix_stream_connect() in net/unix/af_unix.c).
   */
  #onConnecting(mask: number): void {
    if ((mask & (readyError | readyHangup)) !== 0) {
      const error = this.#parts.libc.socketError(this.fd);
      return this.#fail(error < 0 ? errorCode(error) : 'ECONNRESET');
    }
    if ((mask & readyOut) !== 0) this.#onConnected(mask);
  }

  #onConnected(mask: number): void {
    if (isSelfConnected(this.#parts, this.fd, this.#endpoint)) return this.#fail('ECONNREFUSED');
    if (isStranger(this.#endpoint)) return this.#fail('EHOSTUNREACH');
    this.mask = mask;
    if (this.#endpoint.proof?.kind === 'engine') this.#askEngine();
    else this.#onAnswered();
  }

  #askEngine(): void {
    this.#isConfirmed = false;
    this.#parts.confirm(this.#endpoint, (isConfirmed) => {
      this.#isConfirmed = isConfirmed;
      if (isConfirmed) this.start();
      else this.refuse('EHOSTUNREACH');
    });
  }

  #onAnswered(): void {
    this.isDialed = true;
    this.#dialer.onDialed(this);
  }

  #fail(code: string): void {
    this.close();
    this.#dialer.onDialFailed(code, this);
  }
}
