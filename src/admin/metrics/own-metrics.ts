import { deprecationNotice, deprecations, type Deprecation } from '../../deprecations.ts';

/**
 * The metrics that are no counters of the relay, declared once: those of Sealane's own parts, and those of its process.
 */
export interface MetricDeclaration {
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  readonly labels?: readonly string[];
  readonly unit?: string;
  /** The step of an event's or client's way at which it changes (docs/metrics.md); undefined for Sealane itself. */
  readonly step?: number;
  /** The moment at which it changes, for the docs. */
  readonly ticks: string;
}

export const ownMetrics = {
  engineEvents: {
    name: 'sealane_engine_events_total',
    type: 'counter',
    help: 'Events of the engine that concern labelled containers.',
    labels: ['engine', 'action'],
    step: 1,
    ticks: 'the engine reports an event that concerns a labelled container',
  },
  engineConnected: {
    name: 'sealane_engine_connected',
    type: 'gauge',
    help: '1 while the engine is watched.',
    labels: ['engine'],
    step: 1,
    ticks: '1 while its events arrive; without the label `engine` for an engine that has no name',
  },
  joinedNetworks: {
    name: 'sealane_joined_networks',
    type: 'gauge',
    help: 'Networks that Sealane joined.',
    labels: ['engine'],
    step: 2,
    ticks: 'Sealane connected its own container to a network; `--engine-actions connect`',
  },
  ready: {
    name: 'sealane_ready',
    type: 'gauge',
    help: '1 once Sealane accepts clients: a list of containers was read, and no engine is waited for; until it stops.',
    step: 2,
    ticks:
      '1 once the first list of containers was read (of several engines: each was read or found out of reach, and one was read), until Sealane is told to stop',
  },
  wakes: {
    name: 'sealane_wakes_total',
    type: 'counter',
    help: 'Wakes of containers that were asleep, by result.',
    labels: ['result'],
    step: 5,
    ticks: 'a container that was asleep is ready for the client that waits, or could not be started',
  },
  wakeSeconds: {
    name: 'sealane_wake_seconds_total',
    type: 'counter',
    help: 'The time of all wakes that ended well, from the wish to the readiness.',
    unit: 'seconds',
    step: 5,
    ticks: 'a container that was asleep is ready; divided by the wakes, the mean time of a wake',
  },
  sleeps: {
    name: 'sealane_sleeps_total',
    type: 'counter',
    help: 'Containers put to sleep.',
    step: 2,
    ticks: 'a container was stopped or paused for want of clients',
  },
  asleepSeconds: {
    name: 'sealane_asleep_seconds_total',
    type: 'counter',
    help: 'The time that containers were asleep, together.',
    unit: 'seconds',
    step: 2,
    ticks: 'once a second for each container that is asleep',
  },
  asleepMemory: {
    name: 'sealane_asleep_memory_bytes',
    type: 'gauge',
    help: 'Memory that the containers which were put to sleep, and still are asleep, had in use before.',
    unit: 'bytes',
    step: 2,
    ticks: 'a container was stopped for want of clients, or woken; without those whose engine does not tell',
  },
  services: {
    name: 'sealane_services',
    type: 'gauge',
    help: 'Services, by state.',
    labels: ['state'],
    step: 2,
    ticks: 'as the catalog is now: `up`, `degraded`, `down`',
  },
  upstreams: {
    name: 'sealane_upstreams',
    type: 'gauge',
    help: 'Upstreams, by state.',
    labels: ['state'],
    step: 2,
    ticks: 'as the catalog is now',
  },
  exposures: {
    name: 'sealane_exposures',
    type: 'gauge',
    help: 'Containers whose name or port was chosen, and containers that get no name.',
    labels: ['result'],
    step: 2,
    ticks: 'as the catalog is now: `named`, `refused`; `sealane why` says why',
  },
  standIns: {
    name: 'sealane_stand_ins',
    type: 'gauge',
    help: 'Services that a stand-in serves, or is to serve (`sealane swap`).',
    step: 2,
    ticks: 'as the catalog is now: at another value than 0, the process of an operator gets clients',
  },
  swaps: {
    name: 'sealane_swaps_total',
    type: 'counter',
    help: 'Stand-ins that took the place of a service’s upstreams.',
    step: 2,
    ticks: '`sealane swap` takes a service',
  },
  problems: {
    name: 'sealane_problems',
    type: 'gauge',
    help: 'Problems there are now, by code.',
    labels: ['code'],
    step: 2,
    ticks: 'as the catalog is now; `sealane why` has the story',
  },
  listeners: {
    name: 'sealane_listeners',
    type: 'gauge',
    help: 'Listen addresses, by whether clients are accepted.',
    labels: ['state'],
    step: 2,
    ticks: 'listen addresses that are `open`, or wanted and `closed`',
  },
  discoveryLag: {
    name: 'sealane_discovery_lag_seconds',
    type: 'histogram',
    help: "From an engine's event to the routing table that has what it changed.",
    step: 3,
    ticks:
      "a table was published: time since the engine's event that led to it; the difference of the clocks is taken from the engine's answers",
  },
  dialDuration: {
    name: 'sealane_dial_duration_seconds',
    type: 'histogram',
    help: 'Time of dials that were answered.',
    step: 6,
    ticks: 'a dial was answered: its time alone, not the hold before it',
  },
  sessionsClosed: {
    name: 'sealane_sessions_closed_total',
    type: 'counter',
    help: 'Sessions that ended, by reason.',
    labels: ['reason'],
    step: 8,
    ticks: "a session's record arrived at the control thread; [reference.md](reference.md) lists the reasons",
  },
  sessionsFailed: {
    name: 'sealane_service_sessions_failed_total',
    type: 'counter',
    help: 'Sessions that failed for their clients, by service and reason.',
    labels: ['service', 'reason'],
    step: 8,
    ticks:
      "the record of a session that failed arrived at the control thread; a service's reason is there from its first failure",
  },
  sessionDuration: {
    name: 'sealane_session_duration_seconds',
    type: 'histogram',
    help: 'From accepting a client to closing it.',
    step: 8,
    ticks: 'the same: from accept to close',
  },
  recordsDropped: {
    name: 'sealane_session_records_dropped_total',
    type: 'counter',
    help: 'Session records that were lost because they came faster than the control thread could read them.',
    step: 8,
    ticks: 'records came faster than the control thread could read them: those sessions are in none of the three above',
  },
  eventLoopLag: {
    name: 'sealane_event_loop_lag_seconds',
    type: 'gauge',
    help: 'How late a timer fired lately, by thread.',
    labels: ['thread'],
    ticks: 'once a second: how late a timer fired, in `control` and each `relay-N`',
  },
  logLinesLost: {
    name: 'sealane_log_lines_lost_total',
    type: 'counter',
    help: 'Log lines that were lost because the log could not be written.',
    ticks:
      "a line was lost: the log can't be written (a full disk, a reader that is stuck or gone), and 4 MiB wait for it",
  },
  subscribers: {
    name: 'sealane_admin_subscribers',
    type: 'gauge',
    help: 'Subscribers of the event stream now.',
    ticks: 'subscribers of `/api/events` now',
  },
  subscribersDropped: {
    name: 'sealane_admin_subscribers_dropped_total',
    type: 'counter',
    help: 'Subscribers that read the event stream too slowly and were disconnected.',
    ticks: 'a subscriber read too slowly and was disconnected',
  },
  deprecatedListeners: { type: 'gauge', ...deprecated(deprecations.listenersMetric) },
  deprecatedListenersDropped: { type: 'counter', ...deprecated(deprecations.listenersDroppedMetric) },
  relayThreads: { name: 'sealane_relay_threads', type: 'gauge', help: 'Relay threads.', ticks: 'as set' },
  buildInfo: {
    name: 'sealane_build_info',
    type: 'gauge',
    help: 'Version and driver, as labels of a 1.',
    labels: ['version', 'driver'],
    ticks: 'always 1',
  },
} as const satisfies Record<string, MetricDeclaration>;

/** Metrics of the process, under the names that Prometheus' own libraries use. */
export const processMetrics = {
  cpu: {
    name: 'process_cpu_seconds_total',
    type: 'counter',
    help: 'CPU time of all threads, in user and kernel mode.',
    ticks: 'all threads, user and kernel',
  },
  memory: { name: 'process_resident_memory_bytes', type: 'gauge', help: 'Memory in RAM.', ticks: '' },
  start: {
    name: 'process_start_time_seconds',
    type: 'gauge',
    help: 'Start of the process, in seconds since the epoch.',
    ticks: '',
  },
  descriptors: {
    name: 'process_open_fds',
    type: 'gauge',
    help: 'Open file descriptors; 0 where that is not known.',
    ticks: '',
  },
  heap: {
    name: 'nodejs_heap_used_bytes',
    type: 'gauge',
    help: 'JavaScript objects of the control thread.',
    ticks: 'of the control thread',
  },
} as const satisfies Record<string, MetricDeclaration>;

function deprecated<const Name extends string>(declared: Deprecation & { readonly name: Name }) {
  const { name, use, removedIn } = declared;
  return { name, help: deprecationNotice(declared), ticks: `deprecated, and removed in ${removedIn}: use \`${use}\`` };
}
