import { removeSocketFile } from '../socket-file.ts';
import { formatAddress, isUnix, unixPath } from '../../../address/address.ts';
import type { Timer } from '../../../time/clock.ts';
import type { OpenSockets } from '../../boundary/open-sockets.ts';
import type { Bind, DriverListener, ListenEvents } from '../driver.ts';
import { setPeerTimeouts, type PeerTimeouts } from '../vanished-peer.ts';
import type { Deferred, EpollLoop, FdWatcher } from './epoll-loop.ts';
import { again, errorCode, errorMessage, readyIn } from './libc.ts';

/**
 * One listening socket. It is level-triggered, so that epoll reports a backlog again that was not emptied. While
 * nothing can be accepted the socket is not watched, or the loop would spin; clients that there is no room for wait
 * in the backlog.
 */
interface ListenerParts {
  readonly loop: EpollLoop;
  readonly timeouts: PeerTimeouts;
  readonly sockets: OpenSockets;
  /** The listeners whose clients wait because there is no room for them; `onRoom` is called for each. */
  readonly fullListeners: Set<SpliceListener>;
  /** Makes a channel of an accepted socket. */
  readonly onAccepted: (fd: number, client: string, events: ListenEvents) => void;
}

/** The longest accept queue; the kernel limits it to net.core.somaxconn (listen(2)). */
const backlog = 4_096;
const mostAtOnce = 64;
/**
 * The pause after an accept failed for lack of descriptors or memory, or until the next check for room that another
 * thread has left; a busy process frees some in that time.
 */
const pauseMs = 100;
const interrupted: ReadonlySet<string> = new Set(['ECONNABORTED', 'EPROTO', 'EINTR', 'EPERM']);

export class SpliceListener implements DriverListener, FdWatcher, Deferred {
  readonly #parts: ListenerParts;
  readonly #events: ListenEvents;
  readonly #bind: Bind;
  readonly #fd: number;
  readonly #failure: number;
  /** The number of clients expected in the queue: each accept on an empty queue costs a call. */
  #expected = 1;
  #paused: Timer | undefined;
  #closed = false;

  constructor(parts: ListenerParts, bind: Bind, events: ListenEvents) {
    this.#parts = parts;
    this.#bind = bind;
    this.#events = events;
    this.#fd = parts.loop.libc.streamSocket(bind.host);
    if (this.#fd >= 0) parts.sockets.otherOpened();
    this.#failure = this.#fd < 0 ? this.#fd : this.#open();
    parts.loop.defer(this);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#paused?.cancel();
    this.#parts.fullListeners.delete(this);
    if (this.#fd < 0) return;
    this.#parts.sockets.otherClosed();
    this.#parts.loop.close(this.#fd);
    if (this.#failure === 0 && isUnix(this.#bind.host)) removeSocketFile(unixPath(this.#bind.host));
  }

  /** Reports the result of the attempt to bind. */
  runDeferred(): void {
    if (this.#closed) return;
    const { libc } = this.#parts.loop;
    const { host, port } = this.#bind;
    if (this.#failure < 0) {
      this.close();
      const message = `listen ${errorCode(this.#failure)}: ${errorMessage(this.#failure)}`;
      return this.#events.onFailed(errorCode(this.#failure), `${message} ${formatAddress({ host, port })}`);
    }
    if (isUnix(host)) return this.#events.onListening(host, port);
    libc.localAddress(this.#fd);
    const bound = libc.lastAddress();
    this.#events.onListening(bound.host, bound.port);
  }

  onReady(): void {
    const { libc, woken } = this.#parts.loop;
    // A message that is about to be read may close this listener. It was sent before these clients came, and epoll will
    // report them again.
    if (woken) return;
    if (!this.#hasRoom) return this.#onFull();
    let accepted = 0;
    for (; accepted < this.#expected && !this.#closed && !this.#paused && this.#hasRoom; accepted++) {
      const fd = libc.accept(this.#fd);
      if (fd < 0) {
        this.#expected = Math.max(1, accepted);
        return this.#onRefused(fd);
      }
      this.#parts.onAccepted(fd, libc.lastAddressText(), this.#events);
    }
    this.#expected = Math.min(mostAtOnce, this.#expected * 2);
  }

  /** Goes on accepting clients where there was no room for them: a client of this thread has left. */
  onRoom(): void {
    if (this.#hasRoom) this.#resume();
  }

  get #hasRoom(): boolean {
    return this.#parts.sockets.hasRoomForClient;
  }

  #open(): number {
    const { libc } = this.#parts.loop;
    const { host, port, reusePort } = this.#bind;
    const fd = this.#fd;
    if (host === '::') libc.setDualStack(fd);
    // Accepted sockets inherit all of these options (net/core/sock.c, sk_clone_lock): six calls fewer for each client.
    libc.setNoDelay(fd);
    setPeerTimeouts(libc, fd, this.#parts.timeouts);
    for (const step of [
      // Listeners never share a path (socket(7)).
      () => (isUnix(host) ? 0 : libc.setReuse(fd, reusePort)),
      () => libc.bind(fd, host, port),
      () => libc.listen(fd, backlog),
      () => this.#parts.loop.watch(fd, readyIn, this),
    ]) {
      const result = step();
      if (result < 0) return result;
    }
    return 0;
  }

  #onRefused(result: number): void {
    if (result === again) return;
    const code = errorCode(result);
    // The client left before it was accepted; epoll reports those behind it again.
    if (interrupted.has(code)) return;
    this.#pause(() => this.#resume());
    this.#events.onResourceWarning(code, `${errorMessage(result)}; no client is accepted for ${pauseMs} ms`);
  }

  #onFull(): void {
    this.#parts.fullListeners.add(this);
    this.#pauseUntilRoom();
    this.#events.onResourceWarning('EMFILE', this.#parts.sockets.fullMessage('clients wait until others leave'));
  }

  #pauseUntilRoom(): void {
    this.#pause(() => (this.#hasRoom ? this.#resume() : this.#pauseUntilRoom()));
  }

  #pause(then: () => void): void {
    const { loop } = this.#parts;
    loop.rewatch(this.#fd, 0);
    this.#paused = loop.clock.after(pauseMs, then);
  }

  #resume(): void {
    this.#paused?.cancel();
    this.#paused = undefined;
    this.#parts.fullListeners.delete(this);
    this.#parts.loop.rewatch(this.#fd, readyIn);
  }
}
