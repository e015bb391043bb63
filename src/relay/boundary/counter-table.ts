import { refusals, type Refusal } from './report.ts';

/**
 * The relay's counters, each declared once. The memory that the threads share, the totals, the metrics, the admin API's
 * fields and the table in docs/metrics.md are derived from these declarations. Plain data.
 */
export interface CounterDeclaration {
  /**
   * A `counter` only grows, and outlives the thread that counted. A `gauge` is a current number, and dies with its
   * thread.
   */
  readonly kind: 'counter' | 'gauge';
  readonly unit: 'clients' | 'sessions' | 'dials' | 'bytes' | 'milliseconds';
  /** The description in the admin API, and in Prometheus where the counter has a metric of its own. */
  readonly help: string;
  /** The metric that shows the counter. A counter without one is for Sealane's own use, and no field of the API. */
  readonly metric?: CounterMetric;
  /** Tells apart counters that one metric shows. */
  readonly label?: Readonly<Record<string, string>>;
}

interface CounterMetric {
  readonly name: string;
  /** The step of a client's way at which it changes (docs/metrics.md). */
  readonly step: number;
  /** The moment at which it changes, for docs/metrics.md. */
  readonly ticks: string;
  /** Describes the sum over a group of counters; the metric of a lone counter has the counter's help. */
  readonly help?: string;
}

const refused: CounterMetric = {
  name: 'sealane_clients_refused_total',
  step: 4,
  ticks: 'a client was rejected before an upstream was dialed for it',
  help: 'Clients that were rejected before an upstream was dialed for them, by reason.',
};

type RefusalCounter = CounterDeclaration & { readonly kind: 'counter' };

function refusalCounters(): Readonly<Record<Refusal, RefusalCounter>> {
  const declare = (reason: Refusal): RefusalCounter => {
    const help = `Clients that were rejected for the reason ${reason}.`;
    return { kind: 'counter', unit: 'clients', help, metric: refused, label: { reason } };
  };
  return Object.fromEntries(refusals.map((reason) => [reason, declare(reason)])) as Record<Refusal, RefusalCounter>;
}

/** The counters of a relay thread. */
export const threadCounters = {
  accepted: {
    kind: 'counter',
    unit: 'clients',
    help: 'Clients accepted since the start.',
    metric: { name: 'sealane_clients_accepted_total', step: 4, ticks: "a client's connection was accepted" },
  },
  adopted: {
    kind: 'counter',
    unit: 'clients',
    help: 'Clients taken over from the thread that accepted them, which counts them as closed.',
  },
  closed: { kind: 'counter', unit: 'clients', help: 'Clients that are gone, or were given to another thread.' },
  ...refusalCounters(),
} as const satisfies Record<string, CounterDeclaration>;

/** Open clients are not counted, but computed from the counters of the threads. */
export const openClients = {
  kind: 'gauge',
  unit: 'clients',
  help: 'Clients connected now, the held ones among them.',
  metric: { name: 'sealane_clients_open', step: 4, ticks: 'clients connected now, whatever they wait for' },
} as const satisfies CounterDeclaration;

const bytes: CounterMetric = {
  name: 'sealane_service_bytes_total',
  step: 7,
  ticks: 'once a second for running sessions, and at their end; `up` is from the client',
  help: 'Bytes relayed, by direction: up from clients, down to clients.',
};

/** The counters of an upstream, in each thread; those of a service are the sum over all upstreams that it ever had. */
export const upstreamCounters = {
  active: {
    kind: 'gauge',
    unit: 'sessions',
    help: 'Sessions that are dialing or relaying now.',
    metric: { name: 'sealane_service_sessions_active', step: 7, ticks: 'sessions that are dialing or relaying now' },
  },
  sessions: {
    kind: 'counter',
    unit: 'sessions',
    help: 'Sessions that an upstream answered.',
    metric: { name: 'sealane_service_sessions_total', step: 7, ticks: 'an upstream answered, and bytes may flow' },
  },
  dials: {
    kind: 'counter',
    unit: 'dials',
    help: 'Dials begun.',
    metric: { name: 'sealane_service_dials_total', step: 6, ticks: 'a dial to an upstream began' },
  },
  dialFailures: {
    kind: 'counter',
    unit: 'dials',
    help: 'Dials that failed.',
    metric: {
      name: 'sealane_service_dial_failures_total',
      step: 6,
      ticks: 'a dial failed, timed out, or was withdrawn because its upstream left',
    },
  },
  retries: {
    kind: 'counter',
    unit: 'dials',
    help: 'Dials to another upstream after one had failed.',
    metric: {
      name: 'sealane_service_dial_retries_total',
      step: 6,
      ticks: 'another upstream was dialed after one had failed; the client noticed nothing',
    },
  },
  bytesUp: {
    kind: 'counter',
    unit: 'bytes',
    help: 'Bytes from clients.',
    metric: bytes,
    label: { direction: 'up' },
  },
  bytesDown: {
    kind: 'counter',
    unit: 'bytes',
    help: 'Bytes to clients.',
    metric: bytes,
    label: { direction: 'down' },
  },
  dialMs: { kind: 'counter', unit: 'milliseconds', help: 'Time of all dials that were answered.' },
} as const satisfies Record<string, CounterDeclaration>;

/** The counters of a service itself, in each thread. */
export const serviceCounters = {
  held: {
    kind: 'gauge',
    unit: 'clients',
    help: 'Clients that wait for an upstream now.',
    metric: { name: 'sealane_clients_held', step: 5, ticks: 'clients that wait for an upstream now' },
  },
} as const satisfies Record<string, CounterDeclaration>;

export type ThreadCounter = keyof typeof threadCounters;
export type UpstreamCounter = keyof typeof upstreamCounters;

/** The counters that have a metric: those that people see. */
export type ShownCounter<Counters> = {
  [Name in keyof Counters]: Counters[Name] extends { readonly metric: object } ? Name : never;
}[keyof Counters] &
  string;

export function shownCounters<Counters extends Readonly<Record<string, CounterDeclaration>>>(
  declared: Counters,
): readonly ShownCounter<Counters>[] {
  return Object.keys(declared).filter((name) => declared[name]?.metric) as ShownCounter<Counters>[];
}
