import type { Clock, Timer } from '../../time/clock.ts';
import type { PeerLookup } from './peer-lookup.ts';

/**
 * The watch for the departure of a client that has sent bytes and ended its direction before it is relayed: it may be
 * waiting for the answer (`printf … | nc -N`), or it may have closed, at once or at any later time, which no packet
 * reports.
 */
/** The time that a client has to be relayed before anything is asked about it. */
const firstMs = 25;
const pollMs = 250;

/** Calls `onGone` once when the client has closed, unless it is cancelled before. Both addresses as `ip:port`. */
export function watchDeparture(
  { clock, lookUpPeer }: { readonly clock: Clock; readonly lookUpPeer: PeerLookup },
  { local, client }: { readonly local: string; readonly client: string },
  onGone: () => void,
): Timer {
  const poll = (): void => {
    const state = lookUpPeer(local, client);
    if (state === 'closed') onGone();
    else if (state === 'open') timer = clock.after(pollMs, poll);
  };
  let timer = clock.after(firstMs, poll);
  return { cancel: () => timer.cancel() };
}
