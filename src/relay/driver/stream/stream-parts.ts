import { createDirectNetworks, type DirectNetworks } from '../../../network/direct-networks.ts';
import { systemClock, type Clock, type Timer } from '../../../time/clock.ts';
import { OpenSockets } from '../../boundary/open-sockets.ts';
import { watchDeparture } from '../departure-watch.ts';
import { confirmNone, type Channel, type Confirm } from '../driver.ts';
import { openPeerLookup } from '../peer-lookup.ts';
import { peerTimeouts, type PeerTimeouts } from '../vanished-peer.ts';
import { openRetryLimit } from './retry-limit.ts';

/**
 * What all channels of one driver share.
 */
export interface StreamParts {
  readonly clock: Clock;
  readonly sockets: OpenSockets;
  readonly networks: DirectNetworks;
  readonly timeouts: PeerTimeouts;
  readonly confirm: Confirm;
  /** Bounds the pauses between a socket's retransmissions (see retry-limit.ts). */
  readonly limitRetries: ReturnType<typeof openRetryLimit>;
  /** Watches for the departure of a client (see departure-watch.ts); undefined where the kernel can't be asked. */
  readonly watchDeparture: (channel: Channel, onGone: () => void) => Timer | undefined;
}

export interface StreamDriverOptions {
  readonly clock?: Clock;
  /** The budget of open sockets. Default: unlimited. */
  readonly sockets?: OpenSockets;
  /** How soon a vanished peer is noticed. */
  readonly timeouts?: PeerTimeouts;
  /** Without it, no address is confirmed. */
  readonly confirm?: Confirm;
}

export function createParts({
  clock = systemClock,
  sockets = new OpenSockets(),
  timeouts = peerTimeouts,
  confirm = confirmNone,
}: StreamDriverOptions): StreamParts {
  // The kernel's table is opened for the first client that needs it.
  let lookUpPeer: ReturnType<typeof openPeerLookup>;
  let isOpened = false;
  return {
    clock,
    sockets,
    networks: createDirectNetworks(),
    timeouts,
    confirm,
    limitRetries: openRetryLimit(timeouts.longestRetryMs),
    watchDeparture(channel, onGone) {
      if (!isOpened) lookUpPeer = openPeerLookup();
      isOpened = true;
      return lookUpPeer && watchDeparture({ clock, lookUpPeer }, channel, onGone);
    },
  };
}
