import { Counter, Histogram, Registry } from 'prom-client';
import { problemCodes } from '../catalog/problem.ts';
import { problemsByService } from '../catalog/problems-of.ts';
import { serviceStates, stateOf } from '../catalog/service-state.ts';
import type { Service } from '../catalog/service.ts';
import { closeReasons, type CloseReason, type SessionRecord } from '../relay/boundary/report.ts';
import { registerProcess } from './process-metrics.ts';
import { reading, type Value } from './reading-metric.ts';
import { ServiceSeries } from './service-series.ts';
import { upstreamStates } from './schema.ts';
import type { AdminSource, Figures } from './source.ts';

/**
 * Prometheus' view: counters in shared memory are read when it asks, what only passes by (ends of sessions, events) is
 * counted here. Every series is there from the start; labels are bounded, and never hold a client's address.
 * docs/metrics.md says where in the flow each one ticks.
 */
export interface MetricsInput extends Pick<
  AdminSource,
  'facts' | 'readiness' | 'engine' | 'catalog' | 'totals' | 'service' | 'feed'
> {
  refused(): Readonly<Record<string, number>>;
  /** Of all upstreams there ever were: counts by bucket, the last one for what was slower than all bounds. */
  dials(): { readonly boundsMs: readonly number[]; readonly counts: readonly number[]; readonly sumMs: number };
  /** How late the event loop of each thread runs, in milliseconds. */
  lags(): Readonly<Record<string, number>>;
}

export interface Metrics {
  onSessions(records: readonly SessionRecord[], dropped: number): void;
  onEngineEvent(action: string): void;
  onDiscovered(lagMs: number): void;
  render(): Promise<{ readonly text: string; readonly contentType: string }>;
}

/** More services than that are summed up under one name, so that no set of labels can flood Prometheus. */
const mostServices = 1_000;
const otherServices = '(others)';

const engineActions = [
  'create',
  'start',
  'die',
  'kill',
  'stop',
  'pause',
  'unpause',
  'restart',
  'rename',
  'update',
  'oom',
];
const moreActions = ['health_status', 'connect', 'disconnect', 'destroy', 'other'];
const knownActions: ReadonlySet<string> = new Set([...engineActions, ...moreActions]);

export function createMetrics(input: MetricsInput): Metrics {
  const registry = new Registry();
  const closed = counter(
    registry,
    'sealane_sessions_closed_total',
    'Sessions that ended, by reason.',
    'reason',
    Object.keys(closeReasons),
  );
  const droppedRecords = new Counter({
    name: 'sealane_session_records_dropped_total',
    help: 'Session records that were lost because they came faster than they could be taken in.',
    registers: [registry],
  });
  const durations = new Histogram({
    name: 'sealane_session_duration_seconds',
    help: 'From accepting a client to closing it.',
    buckets: [0.001, 0.005, 0.025, 0.1, 0.5, 1, 5, 30, 60, 300, 1_800, 3_600],
    registers: [registry],
  });
  const engineEvents = counter(
    registry,
    'sealane_engine_events_total',
    'Events of the engine that concern labelled containers.',
    'action',
    [...knownActions],
  );
  const lag = new Histogram({
    name: 'sealane_discovery_lag_seconds',
    help: "From an engine's event to the routing table that has what it changed.",
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
    registers: [registry],
  });
  registerReadings(registry, input);
  registerProcess(registry);
  return {
    onSessions(records, dropped) {
      for (const { reason, totalMs } of records) {
        closed.inc({ reason } satisfies { reason: CloseReason });
        durations.observe(totalMs / 1_000);
      }
      droppedRecords.inc(dropped);
    },
    onEngineEvent(action) {
      const [name = 'other'] = action.split(':');
      engineEvents.inc({ action: knownActions.has(name) ? name : 'other' });
    },
    onDiscovered: (lagMs) => lag.observe(lagMs / 1_000),
    render: async () => ({ text: await registry.metrics(), contentType: registry.contentType }),
  };
}

function registerReadings(registry: Registry, input: MetricsInput): void {
  const gauge = (name: string, help: string, read: () => readonly Value[]): void =>
    registry.registerMetric(reading('gauge', name, help, read));
  const total = (name: string, help: string, read: () => readonly Value[]): void =>
    registry.registerMetric(reading('counter', name, help, read));
  const one = (value: number): readonly Value[] => [{ value }];
  const { version, driver, workers } = input.facts;

  gauge('sealane_build_info', 'Version and driver, as labels of a 1.', () => [
    { value: 1, labels: { version, driver } },
  ]);
  gauge('sealane_relay_threads', 'Relay threads.', () => one(workers));
  gauge('sealane_ready', '1 once the first list of containers was read, until Sealane stops.', () =>
    one(Number(input.readiness().ready)),
  );
  gauge('sealane_engine_connected', '1 while the engine is watched.', () =>
    one(Number(input.engine().kind === 'connected')),
  );
  gauge('sealane_services', 'Services, by state.', () => countServices(input));
  gauge('sealane_upstreams', 'Upstreams, by state.', () => countUpstreams(input));
  gauge('sealane_listeners', 'Listen addresses, by whether clients are accepted.', () => countListeners(input));
  gauge('sealane_problems', 'Problems there are now, by code.', () => countProblems(input));
  total('sealane_clients_accepted_total', 'Clients accepted.', () => one(input.totals().accepted));
  gauge('sealane_clients_open', 'Clients connected now, the held ones among them.', () => one(input.totals().open));
  gauge('sealane_clients_held', 'Clients that wait for an upstream now.', () => one(input.totals().held));
  total('sealane_clients_refused_total', 'Clients turned away before anybody was dialed for them, by reason.', () =>
    Object.entries(input.refused()).map(([reason, value]) => ({ value, labels: { reason } })),
  );
  registry.registerMetric(
    reading('histogram', 'sealane_dial_duration_seconds', 'Time of dials that were answered.', () =>
      histogram('sealane_dial_duration_seconds', input.dials()),
    ),
  );
  gauge('sealane_event_loop_lag_seconds', 'How late a timer fired lately, by thread.', () =>
    Object.entries(input.lags()).map(([thread, lagMs]) => ({ value: lagMs / 1_000, labels: { thread } })),
  );
  gauge('sealane_admin_listeners', 'Who follows the event stream now.', () => one(input.feed.listeners));
  total(
    'sealane_admin_listeners_dropped_total',
    'Listeners that read the event stream too slowly and were disconnected.',
    () => one(input.feed.dropped),
  );

  const series = new ServiceSeries(input.service, mostServices);
  const figuresByService = (): readonly (readonly [service: string, Figures])[] => {
    const { named, others } = series.read(input.catalog().services);
    return others ? [...named, [otherServices, others]] : named;
  };
  const byService = (pick: (figures: Figures) => number) => (): readonly Value[] =>
    figuresByService().map(([service, figures]) => ({ value: pick(figures), labels: { service } }));
  gauge(
    'sealane_service_sessions_active',
    'Sessions that are dialing or relaying.',
    byService(({ active }) => active),
  );
  total(
    'sealane_service_sessions_total',
    'Sessions that an upstream answered.',
    byService(({ sessions }) => sessions),
  );
  total(
    'sealane_service_dials_total',
    'Dials begun.',
    byService(({ dials }) => dials),
  );
  total(
    'sealane_service_dial_failures_total',
    'Dials that failed.',
    byService(({ dialFailures }) => dialFailures),
  );
  total(
    'sealane_service_dial_retries_total',
    'Dials to another upstream after one had failed.',
    byService(({ retries }) => retries),
  );
  total('sealane_service_bytes_total', 'Bytes relayed, by direction: up from clients, down to clients.', () =>
    figuresByService().flatMap(([service, { bytesUp, bytesDown }]) => [
      { value: bytesUp, labels: { service, direction: 'up' } },
      { value: bytesDown, labels: { service, direction: 'down' } },
    ]),
  );
}

function counter(registry: Registry, name: string, help: string, label: string, values: readonly string[]): Counter {
  const made = new Counter({ name, help, labelNames: [label], registers: [registry] });
  for (const value of values) made.inc({ [label]: value }, 0);
  return made;
}

function histogram(name: string, { boundsMs, counts, sumMs }: ReturnType<MetricsInput['dials']>): Value[] {
  let sum = 0;
  const buckets = counts.map((count, bucket) => {
    sum += count;
    const bound = boundsMs[bucket];
    const le = bound === undefined ? '+Inf' : bound / 1_000;
    return { metricName: `${name}_bucket`, value: sum, labels: { le } };
  });
  return [...buckets, { metricName: `${name}_sum`, value: sumMs / 1_000 }, { metricName: `${name}_count`, value: sum }];
}

function countServices({ catalog }: MetricsInput): Value[] {
  const problems = problemsByService(catalog());
  const state = (service: Service): string => stateOf(service, problems.get(service.name)?.length ?? 0).kind;
  return countBy('state', serviceStates, [...catalog().services.values()].map(state));
}

function countUpstreams({ catalog }: MetricsInput): Value[] {
  const kinds = [...catalog().services.values()].flatMap(({ upstreams }) => upstreams.map(({ state }) => state.kind));
  return countBy('state', upstreamStates, kinds);
}

function countListeners({ catalog }: MetricsInput): Value[] {
  // Several services may share one.
  const open = new Map<string, 'open' | 'closed'>();
  for (const { routes } of catalog().services.values())
    for (const { listen, openPort } of routes) open.set(listen, openPort === undefined ? 'closed' : 'open');
  return countBy('state', ['open', 'closed'], [...open.values()]);
}

function countProblems({ catalog }: MetricsInput): Value[] {
  return countBy(
    'code',
    problemCodes,
    catalog().problems.map(({ code }) => code),
  );
}

function countBy(label: string, known: readonly string[], found: readonly string[]): Value[] {
  const counts = new Map(known.map((one) => [one, 0]));
  for (const one of found) counts.set(one, (counts.get(one) ?? 0) + 1);
  return [...counts].map(([one, value]) => ({ value, labels: { [label]: one } }));
}
