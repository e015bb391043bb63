import { readFileSync } from 'node:fs';
import { confirmNone, type Confirm, type Driver, type ListenEvents, type TlsTerms } from '../driver.ts';
import { createDirectNetworks } from '../../../network/direct-networks.ts';
import type { ThreadCode } from '../../boundary/messages.ts';
import { OpenSockets } from '../../boundary/open-sockets.ts';
import { LinkedList } from '../linked-list.ts';
import { createPeerLookup } from '../peer-lookup.ts';
import { peerTimeouts, type PeerTimeouts } from '../vanished-peer.ts';
import { BulkThread, lendingRule, type LendingRule } from './bulk/bulk-thread.ts';
import { SpliceChannel, type ChannelParts } from './channel.ts';
import { Chunks } from './chunks.ts';
import { Courier } from './courier.ts';
import { EpollLoop } from './epoll-loop.ts';
import { openLibc } from './libc.ts';
import { SpliceListener } from './listener.ts';
import { PipePool } from './pipes.ts';
import { openTls } from './tls/tls-parts.ts';

/**
 * The Linux driver: epoll(7) and splice(2), called from TypeScript. It has no thread and no event loop of its own: its
 * owner calls `turn` again and again.
 */
export interface SpliceDriver extends Driver {
  /** Waits for events for up to `maxWaitMs` (at most a second), and handles them. True when woken through `wakeFd`. */
  turn(maxWaitMs?: number): boolean;
  /**
   * An eventfd(2): 8 bytes written to it, by any thread, end the wait. The thread that receives this descriptor closes
   * it.
   */
  readonly wakeFd: number;
  /** Closes every descriptor but `wakeFd` at once; clients get a reset. The driver must not be used afterwards. */
  dispose(): void;
}

export interface SpliceDriverOptions {
  /** The budget of open sockets. Default: unlimited. */
  readonly sockets?: OpenSockets;
  /** Without it, no address is confirmed. */
  readonly confirm?: Confirm;
  /** The greatest number of pipes at once. */
  readonly maxPipes?: number;
  /** The number of bytes that a pipe for bulk data holds. */
  readonly pipeSize?: number;
  /** How soon a vanished peer is noticed. */
  readonly timeouts?: PeerTimeouts;
  /** The interval at which sessions get the calls that short ones are spared. */
  readonly tendingMs?: number;
  /** False: no TLS is ended, as where this Node has no OpenSSL that can be called. */
  readonly endsTls?: boolean;
  /** The code of the bulk thread; without it there is none. */
  readonly bulkCode?: ThreadCode;
  /** When a direction is lent to the bulk thread. */
  readonly lendingRule?: LendingRule;
}

const defaultMaxPipes = 512;
const idlePipes = 64;
const defaultPipeSize = 1024 * 1024;
const defaultTendingMs = 5_000;

/** @throws Error where there is no node:ffi, no epoll */
export function createSpliceDriver(options: SpliceDriverOptions = {}): SpliceDriver {
  const libc = openLibc();
  if ('unavailable' in libc) throw new Error(`the splice driver can't run: ${libc.unavailable}`);
  const { sockets = new OpenSockets(), timeouts = peerTimeouts, tendingMs = defaultTendingMs } = options;
  const loop = new EpollLoop(libc);
  const pipes = new PipePool(libc, {
    pipeSize: options.pipeSize ?? defaultPipeSize,
    maxPipes: options.maxPipes ?? defaultMaxPipes,
    maxIdle: idlePipes,
  });
  const bulk = new BulkThread({ loop, sockets, code: options.bulkCode, rule: options.lendingRule ?? lendingRule });
  const tls = options.endsTls === false ? undefined : openTls(loop);
  const channels = new LinkedList<SpliceChannel>();
  const couriers = new LinkedList<Courier>();
  const listeners = new Set<SpliceListener>();
  const fullListeners = new Set<SpliceListener>();
  const onRoom = (): void => {
    if (fullListeners.size > 0) for (const listener of fullListeners) listener.onRoom();
  };
  const parts: ChannelParts = {
    libc,
    loop,
    pipes,
    bulk,
    tls,
    chunks: new Chunks((size) => libc.allocate(size)),
    firstEphemeralPort: firstEphemeralPort(),
    networks: createDirectNetworks(),
    sockets,
    timeouts,
    confirm: options.confirm ?? confirmNone,
    lookUpPeer: createPeerLookup(libc),
    onClosed(channel) {
      channels.remove(channel.node);
      sockets.clientClosed();
      onRoom();
    },
    onReleased(channel) {
      channels.remove(channel.node);
      sockets.clientReleased();
    },
  };

  const onAccepted = (fd: number, client: string, events: ListenEvents): void => {
    sockets.clientOpened();
    const channel = new SpliceChannel(parts, fd, client);
    channels.add(channel.node);
    if (channel.start()) events.onChannel(channel);
  };

  const tendAll = (): void => {
    for (const channel of channels) channel.tend();
    loop.clock.after(tendingMs, tendAll);
  };
  loop.clock.after(tendingMs, tendAll);

  return {
    clock: loop.clock,
    wakeFd: loop.wakeFd,
    turn: (maxWaitMs) => loop.turn(maxWaitMs),
    listen(bind, events) {
      const listener = new SpliceListener({ loop, sockets, timeouts, fullListeners, onAccepted }, bind, events);
      listeners.add(listener);
      return {
        close() {
          listeners.delete(listener);
          listener.close();
        },
      };
    },
    get hasRoomToSpare() {
      return sockets.hasRoomToSpare;
    },
    deliver(delivery, onOver) {
      if (!sockets.deliveryOpened(delivery.hasRoom)) return undefined;
      let isStopped = false;
      const courier = new Courier(parts, delivery, (isDelivered) => {
        couriers.remove(courier.node);
        sockets.otherClosed();
        onRoom();
        if (!isStopped) onOver(isDelivered);
      });
      couriers.add(courier.node);
      return () => {
        isStopped = true;
        courier.stop();
      };
    },
    disown: () => sockets.clientDisowned(),
    ...(tls && { createTlsContext: (terms: TlsTerms) => tls.createContext(terms) }),
    dialsTls: false,
    dispose() {
      for (const listener of listeners) listener.close();
      for (const channel of channels) channel.abort();
      for (const courier of couriers) courier.stop();
      bulk.dispose();
      pipes.close();
      loop.dispose();
    },
  };
}

/** The first port of ip(7)'s ip_local_port_range; Linux's default where the setting can't be read. */
function firstEphemeralPort(): number {
  try {
    return Number.parseInt(readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8'), 10) || 0;
  } catch {
    return 32_768;
  }
}
