import type { RestAnswer, RestFigures } from '../activation/activation.ts';
import type { Catalog } from '../catalog/catalog.ts';
import type { Explanation } from '../catalog/explain/explanation.ts';
import type { Override } from '../catalog/override.ts';
import type { Address } from '../address/address.ts';
import type { StandInLease } from '../catalog/swap/stand-in.ts';
import type { EngineStatus } from '../docker/engine-status.ts';
import type { EndedFilter, Failures, ListenerStatus, LiveSessions, SessionFilter } from '../relay/boundary/report.ts';
import type { EndedSessions } from '../telemetry/recent-sessions.ts';
import type { Clock } from '../time/clock.ts';
import { trafficFields } from './derived-fields.ts';
import type { EventFeed } from './event-feed.ts';
import type { StatsEvent } from './event-schema.ts';
import type { SharedNames } from './names-view.ts';
import type { ApiTraffic } from './schema.ts';
import type { ApiSwarm } from './status-schema.ts';

/**
 * What the admin API is connected to: state that it reads, commands that it passes on, and the event feed. Each route
 * takes only the part that it needs, so that a route that reads can't command.
 */
export type AdminSource = AdminReads & AdminCommands & AdminEvents;

export interface AdminReads {
  readonly clock: Clock;
  readonly facts: {
    readonly version: string;
    readonly startedAtMs: number;
    readonly driver: string;
    readonly workers: number;
    /** Whether operators may swap services. */
    readonly swaps: boolean;
  };
  readiness(): Readiness;
  /** The state of each engine, in the order in which they were given; empty where Sealane runs without Docker. */
  engines(): readonly EngineState[];
  /** Undefined where no engine is a node of a Swarm. */
  swarm(): ApiSwarm | undefined;
  /** Undefined where services get no names without a label. */
  names(): SharedNames | undefined;
  catalog(): Catalog;
  /** The status of each listener, by listen address. */
  listeners(): ReadonlyMap<string, ListenerStatus>;
  totals(): { readonly accepted: number; readonly open: number; readonly held: number };
  /** Undefined for an upstream without counters of its own. */
  upstream(key: string): UpstreamTraffic | undefined;
  service(name: string): ApiTraffic;
  /** The stand-ins of a service, the one that serves first. */
  leasesOf(service: string): readonly StandInLease[];
  /** How many stand-ins were taken since Sealane began. */
  swapsTaken(): number;
  /** The number of the service's clients that wait for an upstream now. */
  held(service: string): number;
  /** The wakes since the start, and the sleep of all containers together. */
  rests(): RestFigures;
  /** The service's failed sessions since Sealane began. */
  failures(service: string): Failures;
  listSessions(filter: SessionFilter): Promise<LiveSessions & { readonly complete: boolean }>;
  /** The kept sessions that ended. */
  recentSessions(filter: EndedFilter): EndedSessions;
  /** The figures of the last minutes, the oldest first. */
  history(): readonly StatsEvent[];
  explain(subject: string): Promise<Explanation>;
  /** The metrics in Prometheus' text format. */
  metrics(): Promise<{ readonly text: string; readonly contentType: string }>;
}

export interface AdminCommands {
  /** Changes what an operator asked for of an upstream. Resolves once that holds for each new client. */
  override(upstreamKey: string, change: Partial<Override>): Promise<void>;
  closeSessionsOf(upstreamKey: string): void;
  /** Wakes a service, or puts it to sleep. Resolves once new clients are held for what is being woken. */
  rest(service: string, what: 'wake' | 'sleep'): Promise<RestAnswer>;
  /** Takes a service's place, or renews the lease. A text says why that is impossible, and what to do. */
  swap(asked: AskedSwap): Promise<StandInLease | string>;
  /** Resolves once no new session begins with the stand-in. */
  giveBack(service: string, id: string): Promise<void>;
  /** Whether the stand-in was given back, so that its owner may not take it again. */
  wasGivenBack(service: string, id: string): boolean;
}

/** What an operator asks of a stand-in; all texts are printable. */
export interface AskedSwap {
  readonly id: string;
  readonly service: string;
  readonly address: Address;
  /** The address as its owner calls it. */
  readonly shown: string;
  readonly owner: string;
  readonly percent: number;
  readonly strict: boolean;
  readonly drain: boolean;
  readonly leaseMs: number;
  readonly yields: boolean;
}

export interface AdminEvents {
  readonly feed: EventFeed;
}

export interface EngineState {
  /** Undefined for an only engine that was given no name. */
  readonly name: string | undefined;
  /** The engine's address; safe to print. */
  readonly endpoint: string;
  readonly status: EngineStatus;
  /** The engine that it is, given again, so that its containers are ignored; absent for all others. */
  readonly twinOf?: string | undefined;
  /** The containers with Sealane's labels, as last known, and those whose network they share. */
  readonly containers: number;
  /** What Sealane may ask it to change. */
  readonly actions: readonly string[];
  /** The names of the networks that Sealane joined there; hostile text. */
  readonly joined: readonly string[];
}

export interface Readiness {
  readonly ready: boolean;
  readonly reason: string;
}

export const noTraffic = Object.fromEntries(trafficFields.map((field) => [field, 0])) as ApiTraffic;

export interface UpstreamTraffic extends ApiTraffic {
  readonly dialP50Ms: number | undefined;
  readonly dialP99Ms: number | undefined;
}
