// The global `performance` is a getter, and costs more than the clock itself.
import { performance } from 'node:perf_hooks';
import type { Clock } from '../../../time/clock.ts';
import { EpollSet, maxEvents } from './epoll-set.ts';
import { again, errorMessage, onEdge, readyIn, readyOut, type Libc } from './libc.ts';
import { BusyPoll } from './busy-poll.ts';
import { TimerWheel } from './timer-wheel.ts';

/**
 * The event loop of a relay thread: it waits in epoll_wait(2), tells the watcher of each file descriptor what is ready,
 * runs what was deferred, and turns the timers. For each descriptor it keeps typed arrays and one reference; an event
 * allocates nothing.
 *
 * The kernel may assign a closed descriptor again within one batch of events. The descriptor's tag has then moved on,
 * and events of the batch that carry the old tag are skipped.
 */
export interface FdWatcher {
  onReady(fd: number, mask: number): void;
}

export interface Deferred {
  runDeferred(): void;
}

/** The longest wait; a thread that is never woken still ends within this time. */
const longestWaitMs = 1_000;
/**
 * How long a thread that is busy with clients that come and go polls before it sleeps. Sleeping and waking cost more
 * than that: the processor goes to other threads, and on few processors all threads then wait for each other in turn
 * (6 % more new connections a second with polling, measured). Polling would take the processor away from the ends of
 * bulk streams, and a thread with little to do never polls.
 */
const busyPollMs = 0.05;

export class EpollLoop {
  readonly libc: Libc;
  readonly clock: Clock;
  readonly timers: TimerWheel;
  /**
   * An eventfd(2): 8 bytes written to it, by any thread, end the wait. The thread that receives this descriptor closes
   * it.
   */
  readonly wakeFd: number;
  /** The time at the end of the last wait. */
  nowMs = performance.now();
  /** True if a thread wrote to `wakeFd` before the last wait ended. */
  woken = false;
  /** The number of waits so far. */
  turns = 0;
  readonly #epoll: EpollSet;
  readonly #busyPoll: BusyPoll;
  /** The number of events reported since the timers were last turned. */
  #events = 0;
  #watchers: (FdWatcher | undefined)[] = [];
  #tags = new Int32Array(1_024);
  #masks = new Int32Array(1_024);
  #deferred: Deferred[] = [];
  #spare: Deferred[] = [];

  /** `wakeFd`: an eventfd of the caller's; by default the loop creates one. */
  constructor(libc: Libc, wakeFd: number = must(libc.eventfd(), 'eventfd')) {
    this.libc = libc;
    this.timers = new TimerWheel(this.nowMs);
    this.#busyPoll = new BusyPoll(this.nowMs);
    this.#epoll = new EpollSet(libc);
    must(this.#epoll.fd, 'epoll_create1');
    this.wakeFd = wakeFd;
    // Edge-triggered, each write wakes once and nothing need be read.
    must(this.#epoll.add(this.wakeFd, onEdge(readyIn), 0), 'epoll_ctl');
    this.clock = {
      nowMs: () => performance.now(),
      wallMs: () => Date.now(),
      after: (delayMs, task) => this.timers.add(performance.now() + delayMs, task),
    };
  }

  /** Watches a descriptor: 0, or minus errno. The caller must `close` the descriptor in either case. */
  watch(fd: number, mask: number, watcher: FdWatcher): number {
    this.#reserve(fd);
    this.#busyPoll.onSocketAdded();
    this.#watchers[fd] = watcher;
    this.#masks[fd] = mask;
    return this.#epoll.add(fd, mask, this.#tags[fd] ?? 0);
  }

  /** Gives the descriptor's events to another watcher from now on. */
  handTo(fd: number, watcher: FdWatcher): void {
    this.#watchers[fd] = watcher;
  }

  rewatch(fd: number, mask: number): void {
    if (this.#masks[fd] === mask) return;
    this.#masks[fd] = mask;
    this.#epoll.modify(fd, mask, this.#tags[fd] ?? 0);
  }

  /**
   * Also reports when the descriptor can be written to; at once if it can be now (epoll_ctl(2), EPOLL_CTL_MOD re-arms).
   */
  watchOut(fd: number): void {
    this.rewatch(fd, (this.#masks[fd] ?? 0) | readyOut);
  }

  /** Reports again at the next wait what the descriptor is ready for by then (epoll_ctl(2), EPOLL_CTL_MOD re-arms). */
  rearm(fd: number): void {
    this.#epoll.modify(fd, this.#masks[fd] ?? 0, this.#tags[fd] ?? 0);
  }

  /** Reports these events no more, until `unmute`. */
  mute(fd: number, events: number): void {
    this.rewatch(fd, (this.#masks[fd] ?? 0) & ~events);
  }

  /** Reports these events again; at once if they are there. */
  unmute(fd: number, events: number): void {
    this.rewatch(fd, (this.#masks[fd] ?? 0) | events);
  }

  /**
   * Closes the descriptor. That also removes it from the epoll set (epoll(7)), since the relay never duplicates a
   * descriptor.
   */
  close(fd: number): void {
    this.#forget(fd);
    this.libc.close(fd);
  }

  /** Stops watching the descriptor and leaves it open. */
  release(fd: number): void {
    this.#forget(fd);
    this.#epoll.remove(fd);
  }

  /** Runs `deferred` before the next wait. */
  defer(deferred: Deferred): void {
    this.#deferred.push(deferred);
  }

  /** Waits once, and handles all that happened. True when woken through `wakeFd`. */
  turn(maxWaitMs: number = longestWaitMs): boolean {
    const count = this.#wait(maxWaitMs);
    this.nowMs = performance.now();
    this.turns += 1;
    this.woken = this.#isWoken(count);
    for (let index = 0; index < count; index++) {
      const fd = this.#epoll.eventFd(index);
      // `wakeFd` has no watcher.
      if (this.#tags[fd] === this.#epoll.eventTag(index)) this.#watchers[fd]?.onReady(fd, this.#epoll.eventMask(index));
    }
    this.#runDeferred();
    this.#turnTimers(count);
    return this.woken;
  }

  /**
   * Turns the timers, unless the kernel has more events than one wait reports: no timer may find a session silent whose
   * bytes have arrived. After as many events as there are descriptors, each descriptor has had its turn (epoll(7): the
   * ready list is served in rotation).
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

  /**
   * Looks for `wakeFd` before any other event is handled. A listener that was reported before stays ahead of it in the
   * ready list, however late its next client arrived.
   */
  #isWoken(count: number): boolean {
    for (let index = 0; index < count; index++) if (this.#epoll.eventFd(index) === this.wakeFd) return true;
    return false;
  }

  /** The number of events that the wait reported. */
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
    // Work that is deferred meanwhile runs after the next wait, so that no descriptor loses its turn.
    this.#deferred = this.#spare;
    this.#spare = deferred;
    for (const one of deferred) one.runDeferred();
    deferred.length = 0;
  }

  #forget(fd: number): void {
    this.#reserve(fd);
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

/** Throws where a call failed that the loop can't do without; for the constructor only. */
function must(result: number, call: string): number {
  if (result < 0 && result !== again) throw new Error(`${call}: ${errorMessage(result)}`);
  return result;
}
