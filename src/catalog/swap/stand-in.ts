import type { Endpoint } from '../../relay/boundary/table.ts';
import type { DeclaredUpstream } from '../declaration.ts';
import type { ServiceUpstream } from '../upstream.ts';

/**
 * A stand-in is a process that takes the place of a service's upstreams for a while, on the machine of an operator. It is
 * an input of the catalog, which makes one more upstream of it. Pure.
 */
export interface StandIn {
  readonly id: string;
  /** HOST:PORT as its owner calls it; printable. */
  readonly address: string;
  /** Who or what took the service's place, e.g. `anna@laptop`; printable. */
  readonly owner: string;
  /** The share of new sessions, 1 to 100 percent. */
  readonly percent: number;
  /** Whether clients are held while the stand-in does not answer. Otherwise the service's own upstreams serve them. */
  readonly strict: boolean;
  /** The same object for as long as the stand-in is there. */
  readonly upstream: DeclaredUpstream;
}

export interface StandInPlace {
  /** The addresses by which Sealane reaches the process. */
  readonly endpoints: readonly Endpoint[];
  /** What to do where none of them answers, in one printable sentence. */
  readonly advice: string;
  /** Those of the addresses by which a container reaches its host. */
  readonly throughHost?: readonly string[];
}

/** A stand-in is there until its lease runs out. */
export interface StandInLease {
  readonly service: string;
  readonly standIn: StandIn;
  /** By the time of day. */
  readonly takenAtMs: number;
  /** When the lease runs out, in the clock's monotonic milliseconds. */
  readonly untilMs: number;
}

/** The time that its sessions have after it was given back, which is that of a container. */
const drainMs = 10_000;

/** The most stand-ins of one service, so that a caller that makes up ids without end fills no memory. */
export const mostOfService = 16;

export function createStandIn(
  service: string,
  asked: Omit<StandIn, 'upstream'>,
  { endpoints, advice }: StandInPlace,
): StandIn {
  const upstream: DeclaredUpstream = {
    // An id is its owner's choice, and may be that of another service's stand-in.
    key: `stand-in/${service}/${asked.id}`,
    run: undefined,
    name: `stand-in ${asked.address}`,
    endpoints,
    standInPercent: asked.percent,
    weight: 1,
    backup: false,
    maxConnections: undefined,
    slowStartMs: 0,
    health: { kind: 'readiness' },
    silentAdvice: advice,
    condition: { kind: 'running', health: 'none' },
    drainMs,
  };
  return { ...asked, upstream };
}

/** The upstreams of a service as its declarations have them. */
export function withoutStandIns(upstreams: readonly ServiceUpstream[]): readonly ServiceUpstream[] {
  return upstreams.some(isStandIn) ? upstreams.filter((one) => !isStandIn(one)) : upstreams;
}

function isStandIn({ declared }: ServiceUpstream): boolean {
  return declared.standInPercent !== undefined;
}

/** The words for a swap that works. */
export function describeSwap({ address, owner, percent }: StandIn): string {
  const share = percent === 100 ? 'all new sessions go' : `${percent}% of new sessions go`;
  return `swapped: ${share} to the stand-in ${address} of ${owner}`;
}

/** The words for a swap whose stand-in is not ready. */
export function describeSilentSwap({ address, owner, strict }: StandIn, { state }: ServiceUpstream): string {
  const instead = strict ? 'its clients are held' : 'its own upstreams serve';
  return `swapped, but the stand-in ${address} of ${owner} is ${state.kind} (${state.reason}), so ${instead}`;
}
