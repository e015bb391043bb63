import type { Change } from '../catalog/diff.ts';
import { createStandIn, type StandIn, type StandInLease, type StandInPlace } from '../catalog/swap/stand-in.ts';
import type { Clock, Timer } from '../time/clock.ts';
import { formatDuration } from '../text/duration.ts';

/**
 * Owns the stand-ins of services and their leases. A stand-in is there until its lease runs out, unless its owner renews
 * it or gives it back. Of several stand-ins of one service the last that was taken serves, and the one before it serves
 * again when that ends.
 */
export interface StandIns {
  /** The stand-in that serves the service. */
  of(service: string): StandIn | undefined;
  /** All stand-ins of the service, the one that serves first. */
  leasesOf(service: string): readonly StandInLease[];
  /** How many stand-ins were taken since the start. */
  readonly taken: number;
  /** The lease with this id, renewed from now on; undefined if there is none. */
  renew(service: string, id: string): StandInLease | undefined;
  /** Takes a service's place. */
  take(asked: AskedStandIn, place: StandInPlace): StandInLease;
  /** Whether the stand-in was given back, so that its owner may not take it again. */
  wasGivenBack(service: string, id: string): boolean;
  /** Ends a stand-in; undefined if there is none with this id. */
  giveBack(service: string, id: string): StandInLease | undefined;
  stop(): void;
}

export interface AskedStandIn extends Omit<StandIn, 'upstream'> {
  readonly service: string;
  readonly leaseMs: number;
  /** Takes its place behind the stand-ins that are there: its owner lost the lease for a while. */
  readonly yields: boolean;
}

interface StandInsParts {
  readonly clock: Clock;
  /** Called when another stand-in serves a service, or none does any more. */
  readonly onChange: () => void;
  readonly announce: (change: Change) => void;
}

interface Held extends StandInLease {
  untilMs: number;
  readonly leaseMs: number;
  timer: Timer;
}

/** The stand-ins that are remembered as given back; those before them are forgotten. */
const mostGivenBack = 1_000;
/** An id has no slash. */
const givenBackKey = (service: string, id: string): string => `${id}/${service}`;

export function createStandIns({ clock, onChange, announce }: StandInsParts): StandIns {
  /** By service; the last of each list serves. */
  const held = new Map<string, Held[]>();
  const givenBack = new Set<string>();
  let taken = 0;
  const listOf = (service: string): readonly Held[] => held.get(service) ?? [];
  const servingOf = (service: string): Held | undefined => listOf(service).at(-1);
  const find = (service: string, id: string): Held | undefined =>
    listOf(service).find(({ standIn }) => standIn.id === id);

  const end = (lease: Held, reason: string, level: Change['level']): void => {
    const { service } = lease;
    lease.timer.cancel();
    const wasServing = servingOf(service) === lease;
    const left = listOf(service).filter((one) => one !== lease);
    if (left.length === 0) held.delete(service);
    else held.set(service, left);
    announce(endedChange(lease, reason, level, left.at(-1)));
    if (wasServing) onChange();
  };
  const expireLater = (lease: Held): Timer =>
    clock.after(lease.leaseMs, () => end(lease, `its lease of ${formatDuration(lease.leaseMs)} ran out`, 'warn'));

  return {
    of: (service) => servingOf(service)?.standIn,
    leasesOf: (service) => listOf(service).toReversed(),
    get taken() {
      return taken;
    },
    renew(service, id) {
      const lease = find(service, id);
      if (!lease) return undefined;
      lease.timer.cancel();
      lease.untilMs = clock.nowMs() + lease.leaseMs;
      lease.timer = expireLater(lease);
      return lease;
    },
    take({ service, leaseMs, yields, ...asked }, place) {
      const nowMs = clock.nowMs();
      const lease: Held = {
        service,
        standIn: createStandIn(service, asked, place),
        takenAtMs: clock.wallMs(),
        untilMs: nowMs + leaseMs,
        leaseMs,
        timer: { cancel: () => undefined },
      };
      lease.timer = expireLater(lease);
      const before = listOf(service);
      held.set(service, yields ? [lease, ...before] : [...before, lease]);
      taken += 1;
      announce(takenChange(lease, yields ? undefined : before.at(-1), servingOf(service)));
      onChange();
      return lease;
    },
    wasGivenBack: (service, id) => givenBack.has(givenBackKey(service, id)),
    giveBack(service, id) {
      const lease = find(service, id);
      if (!lease) return undefined;
      givenBack.add(givenBackKey(service, id));
      const [oldest] = givenBack;
      if (givenBack.size > mostGivenBack && oldest !== undefined) givenBack.delete(oldest);
      end(lease, 'it was given back', 'info');
      return lease;
    },
    stop() {
      for (const lease of [...held.values()].flat()) lease.timer.cancel();
      held.clear();
    },
  };
}

function takenChange(
  { service, standIn }: StandInLease,
  displaced: StandInLease | undefined,
  serving: StandInLease | undefined,
): Change {
  const { address, owner, percent, upstream } = standIn;
  const share = percent === 100 ? 'all' : `${percent}%`;
  const waits = displaced ? `; the stand-in ${displaced.standIn.address} of ${displaced.standIn.owner} waits` : '';
  const behind =
    serving && serving.standIn !== standIn
      ? ` once the stand-in ${serving.standIn.address} of ${serving.standIn.owner} ends`
      : '';
  return {
    level: 'info',
    event: 'stand-in-taken',
    service,
    upstream: upstream.name,
    message: `${owner} swaps ${service}: ${share} of its new sessions go to ${address}${behind}${waits}`,
  };
}

function endedChange(
  { service, standIn: { address, owner, upstream } }: StandInLease,
  reason: string,
  level: Change['level'],
  next: StandInLease | undefined,
): Change {
  const serves = next
    ? `the stand-in ${next.standIn.address} of ${next.standIn.owner} serves`
    : 'its own upstreams serve';
  return {
    level,
    event: 'stand-in-ended',
    service,
    upstream: upstream.name,
    reason,
    message: `the swap of ${service} by ${owner} (${address}) ended: ${reason}; ${serves}`,
  };
}
