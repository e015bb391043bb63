// The global of that name is a getter, and costs more than the clock.
import { performance } from 'node:perf_hooks';
import type { Clock } from '../../../time/clock.ts';
import { OpenSockets } from '../../boundary/open-sockets.ts';
import { EpollSet, maxEvents } from './epoll-set.ts';
import { again, errorMessage, onEdge, readyIn, readyOut, type Libc } from './libc.ts';
import { BusyPoll } from './busy-poll.ts';
import { TimerWheel } from './timer-wheel.ts';

/**
 * The event loop of a relay thread: waits in epoll_wait(2), tells each file descriptor's watcher what is ready, runs what
 * was put off, turns the timers. Per descriptor it keeps typed arrays and one reference; an event allocates nothing.
 *
 * A descriptor that was closed may be given out again within one batch of events. Its tag has then moved on, and what the
 * batch still says about the old one is passed over.
 */
export interface FdWatcher {
  onReady(fd: number, mask: number): void;
}

export interface Deferred {
  runDeferred(): void;
}

/** However little there is to do; a thread that nobody wakes still ends within this. */
const longestWaitMs = 1_000;
/**
 * A thread that is busy with clients that come and go polls for so long before it sleeps. To be put to sleep and woken
 * costs more than that: its processor goes to others, and on few processors all then wait for each other in turn (6 % more
 * new connections a second, measured). Bulk streams would lose by it the processor that their ends need, and a thread with
 * little to do never polls.
 */
const busyPollMs = 0.05;

export class EpollLoop {
  readonly libc: Libc;
  readonly clock: Clock;
  readonly timers: TimerWheel;
  /** Writing 8 bytes to it, from any thread, ends the wait (eventfd(2)). Whoever took it over closes it. */
  readonly wakeFd: number;
  /** As of the last wait. */
  nowMs = performance.now();
  /** Somebody wrote to `wakeFd` before the last wait ended. */
  woken = false;
  /** How often it has waited. */
  turns = 0;
  readonly #sockets: OpenSockets;
  readonly #epoll: EpollSet;
  readonly #busyPoll: BusyPoll;
  /** Told of since the timers were turned. */
  #events = 0;
  #watchers: (FdWatcher | undefined)[] = [];
  #tags = new Int32Array(1_024);
  #masks = new Int32Array(1_024);
  #deferred: Deferred[] = [];
  #spare: Deferred[] = [];

  /** `sockets`: where those that are watched are counted. */
  constructor(libc: Libc, sockets = new OpenSockets()) {
    this.#sockets = sockets;
    this.libc = libc;
    this.timers = new TimerWheel(this.nowMs);
    this.#busyPoll = new BusyPoll(this.nowMs);
    this.#epoll = new EpollSet(libc);
    must(this.#epoll.fd, 'epoll_create1');
    this.wakeFd = must(libc.eventfd(), 'eventfd');
    // Edge-triggered, each write wakes once and nothing need be read.
    must(this.#epoll.add(this.wakeFd, onEdge(readyIn), 0), 'epoll_ctl');
    this.clock = {
      nowMs: () => performance.now(),
      wallMs: () => Date.now(),
      after: (delayMs, task) => this.timers.add(performance.now() + delayMs, task),
    };
  }

  /** 0, or minus errno; it is to be closed in either case. */
  watch(fd: number, mask: number, watcher: FdWatcher): number {
    this.#reserve(fd);
    this.#sockets.opened();
    this.#busyPoll.onSocketAdded();
    this.#watchers[fd] = watcher;
    this.#masks[fd] = mask;
    return this.#epoll.add(fd, mask, this.#tags[fd] ?? 0);
  }

  /** From now on another is told of it. */
  handTo(fd: number, watcher: FdWatcher): void {
    this.#watchers[fd] = watcher;
  }

  rewatch(fd: number, mask: number): void {
    if (this.#masks[fd] === mask) return;
    this.#masks[fd] = mask;
    this.#epoll.modify(fd, mask, this.#tags[fd] ?? 0);
  }

  /** Also tells when it can be written to; at once, if it can (epoll_ctl(2), EPOLL_CTL_MOD re-arms). */
  watchOut(fd: number): void {
    this.rewatch(fd, (this.#masks[fd] ?? 0) | readyOut);
  }

  /** Closes the descriptor; that also takes it out of the set (epoll(7)), as nothing of ours is ever duplicated. */
  close(fd: number): void {
    this.#forget(fd);
    this.libc.close(fd);
  }

  /** Watches it no more, and leaves it open. */
  release(fd: number): void {
    this.#forget(fd);
    this.#epoll.remove(fd);
  }

  /** Runs it before the next wait. */
  defer(deferred: Deferred): void {
    this.#deferred.push(deferred);
  }

  /** One wait and all that follows from it. True when woken through `wakeFd`. */
  turn(maxWaitMs: number = longestWaitMs): boolean {
    const count = this.#wait(maxWaitMs);
    this.nowMs = performance.now();
    this.turns += 1;
    this.woken = this.#isWoken(count);
    for (let index = 0; index < count; index++) {
      const fd = this.#epoll.eventFd(index);
      // Nobody watches `wakeFd`.
      if (this.#tags[fd] === this.#epoll.eventTag(index)) this.#watchers[fd]?.onReady(fd, this.#epoll.eventMask(index));
    }
    this.#runDeferred();
    this.#turnTimers(count);
    return this.woken;
  }

  /**
   * Not while more was there than one wait tells of: no timer may find a session silent whose bytes have come. After as many
   * events as there are descriptors each had its turn (epoll(7): the ready list is served in rotation).
   */
  #turnTimers(lastCount: number): void {
    this.#events += lastCount;
    if (lastCount === maxEvents && this.#events <= this.#watchers.length) return;
    this.#events = 0;
    this.timers.turn(this.nowMs);
  }

  dispose(): void {
    this.libc.close(this.#epoll.fd);
  }

  /** Searched for first: a listener that was told of before stays ahead in the list, however late its next client came. */
  #isWoken(count: number): boolean {
    for (let index = 0; index < count; index++) if (this.#epoll.eventFd(index) === this.wakeFd) return true;
    return false;
  }

  /** How many events there are. */
  #wait(maxWaitMs: number): number {
    const beganMs = performance.now();
    this.#busyPoll.onWorked(this.nowMs, beganMs);
    const waitMs = this.#waitMs(maxWaitMs, beganMs);
    if (waitMs > 0 && this.#busyPoll.isOn) {
      const untilMs = beganMs + busyPollMs;
      do {
        const count = this.#epoll.wait(0);
        if (count !== 0) return count;
      } while (performance.now() < untilMs);
    }
    return this.#epoll.wait(waitMs);
  }

  #waitMs(maxWaitMs: number, nowMs: number): number {
    if (this.#deferred.length > 0) return 0;
    return Math.ceil(Math.min(maxWaitMs, this.timers.delayMs(nowMs)));
  }

  #runDeferred(): void {
    const deferred = this.#deferred;
    if (deferred.length === 0) return;
    // What they put off in turn waits for what the next wait brings: nobody is kept from its turn.
    this.#deferred = this.#spare;
    this.#spare = deferred;
    for (const one of deferred) one.runDeferred();
    deferred.length = 0;
  }

  #forget(fd: number): void {
    this.#reserve(fd);
    if (this.#watchers[fd]) this.#sockets.closed();
    this.#watchers[fd] = undefined;
    this.#tags[fd] = (this.#tags[fd] ?? 0) + 1;
  }

  #reserve(fd: number): void {
    if (fd < this.#tags.length) return;
    const length = Math.max(fd + 1, this.#tags.length * 2);
    this.#tags = grown(this.#tags, length);
    this.#masks = grown(this.#masks, length);
  }
}

function grown(array: Int32Array, length: number): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(length);
  larger.set(array);
  return larger;
}

/** At the start only: without these there is no loop. */
function must(result: number, call: string): number {
  if (result < 0 && result !== again) throw new Error(`${call}: ${errorMessage(result)}`);
  return result;
}
