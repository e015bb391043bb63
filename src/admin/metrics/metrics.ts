import { Counter, Histogram, Registry } from 'prom-client';
import { problemCodes } from '../../catalog/problem.ts';
import { problemsByService } from '../../catalog/problems-of.ts';
import { serviceStates, stateOf } from '../../catalog/service-state.ts';
import type { Service } from '../../catalog/service.ts';
import { upstreamStates } from '../../catalog/upstream.ts';
import { upstreamCounters } from '../../relay/boundary/counter-table.ts';
import {
  closeReasons,
  failureReasons,
  type CloseReason,
  type FailureReason,
  type Refusal,
  type SessionRecord,
} from '../../relay/boundary/report.ts';
import { trafficFields } from '../derived-fields.ts';
import type { AdminEvents, AdminReads } from '../source.ts';
import { clientGroups, serviceGroups } from './metric-table.ts';
import { ownMetrics, type MetricDeclaration } from './own-metrics.ts';
import { registerProcess } from './process-metrics.ts';
import { registerReading, type Value } from './register.ts';
import { ServiceSeries } from './service-series.ts';
import { SharedHistogram } from './shared-histogram.ts';

/**
 * The metrics for Prometheus. Counters in shared memory are read at each scrape; ends of sessions and events are
 * counted here. Every series exists from the start; labels are bounded, and never hold a client's address.
 * own-metrics.ts and the relay's counter-table.ts say where in the flow each one ticks.
 */
export interface MetricsInput extends Pick<
  AdminReads & AdminEvents,
  'facts' | 'readiness' | 'engines' | 'catalog' | 'totals' | 'service' | 'failures' | 'rests' | 'swapsTaken' | 'feed'
> {
  refused(): Readonly<Record<Refusal, number>>;
  /** The dials of all upstreams that ever existed: counts by bucket, the last for dials slower than all bounds. */
  dials(): { readonly boundsMs: readonly number[]; readonly counts: readonly number[]; readonly sumMs: number };
  /** How late the event loop of each thread runs, in milliseconds. */
  lags(): Readonly<Record<string, number>>;
  /** The log lines that were lost since the start. */
  lostLogLines(): number;
}

export interface Metrics {
  onSessions(records: readonly SessionRecord[], dropped: number): void;
  /** `engine` is the name of the engine, where it has one. */
  onEngineEvent(action: string, engine: string | undefined): void;
  onDiscovered(lagMs: number): void;
  render(): Promise<{ readonly text: string; readonly contentType: string }>;
}

/** Services beyond this number are summed up under one name, so that no set of labels can flood Prometheus. */
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
  const registers = [registry];
  const closed = counterBy(registry, ownMetrics.sessionsClosed, 'reason', Object.keys(closeReasons));
  const droppedRecords = new Counter({ ...named(ownMetrics.recordsDropped), registers });
  const durations = new Histogram({
    ...named(ownMetrics.sessionDuration),
    buckets: [0.001, 0.005, 0.025, 0.1, 0.5, 1, 5, 30, 60, 300, 1_800, 3_600],
    registers,
  });
  const engineEvents = new Counter({
    ...named(ownMetrics.engineEvents),
    labelNames: [...ownMetrics.engineEvents.labels],
    registers,
  });
  const names = input.engines().map(({ name }) => name);
  for (const name of names.length === 0 ? [undefined] : names)
    for (const action of knownActions) engineEvents.inc({ ...engineLabel(name), action }, 0);
  const lag = new Histogram({
    ...named(ownMetrics.discoveryLag),
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
    registers,
  });
  registerOwn(registry, input);
  registerClients(registry, input);
  registerServices(registry, input);
  registerFailures(registry, input);
  registerProcess(registry);
  return {
    onSessions(records, dropped) {
      for (const { reason, totalMs } of records) {
        closed.inc({ reason } satisfies { reason: CloseReason });
        durations.observe(totalMs / 1_000);
      }
      droppedRecords.inc(dropped);
    },
    onEngineEvent(action, engine) {
      const [name = 'other'] = action.split(':');
      engineEvents.inc({ ...engineLabel(engine), action: knownActions.has(name) ? name : 'other' });
    },
    onDiscovered: (lagMs) => lag.observe(lagMs / 1_000),
    render: async () => ({ text: await registry.metrics(), contentType: registry.contentType }),
  };
}

function registerOwn(registry: Registry, input: MetricsInput): void {
  const { version, driver, workers } = input.facts;
  const one = (declared: MetricDeclaration, read: () => number): void =>
    registerReading(registry, declared, () => [{ value: read() }]);

  registerReading(registry, ownMetrics.buildInfo, () => [{ value: 1, labels: { version, driver } }]);
  one(ownMetrics.relayThreads, () => workers);
  one(ownMetrics.ready, () => Number(input.readiness().ready));
  registerReading(registry, ownMetrics.engineConnected, () => readConnected(input));
  registerReading(registry, ownMetrics.joinedNetworks, () => readJoined(input));
  registerReading(registry, ownMetrics.services, () => countServices(input));
  registerReading(registry, ownMetrics.upstreams, () => countUpstreams(input));
  registerReading(registry, ownMetrics.listeners, () => countListeners(input));
  registerReading(registry, ownMetrics.exposures, () => countExposures(input));
  one(ownMetrics.standIns, () => [...input.catalog().services.values()].filter(({ standIn }) => standIn).length);
  one(ownMetrics.swaps, () => input.swapsTaken());
  registerReading(registry, ownMetrics.wakes, () => {
    const { wakes, wakeFailures } = input.rests();
    return [
      { value: wakes, labels: { result: 'ready' } },
      { value: wakeFailures, labels: { result: 'failed' } },
    ];
  });
  one(ownMetrics.wakeSeconds, () => input.rests().wakeMs / 1_000);
  one(ownMetrics.sleeps, () => input.rests().sleeps);
  one(ownMetrics.asleepSeconds, () => input.rests().sleptMs / 1_000);
  one(ownMetrics.asleepMemory, () => input.rests().memoryBytes);
  registerReading(registry, ownMetrics.problems, () => countProblems(input));
  const { name, help } = ownMetrics.dialDuration;
  const dials = new SharedHistogram({ name, help, registers: [] }, () => {
    const { boundsMs, counts, sumMs } = input.dials();
    return { bounds: boundsMs.map((boundMs) => boundMs / 1_000), counts, sum: sumMs / 1_000 };
  });
  registry.registerMetric(dials);
  registerReading(registry, ownMetrics.eventLoopLag, () =>
    Object.entries(input.lags()).map(([thread, lagMs]) => ({ value: lagMs / 1_000, labels: { thread } })),
  );
  one(ownMetrics.logLinesLost, () => input.lostLogLines());
  for (const declared of [ownMetrics.subscribers, ownMetrics.deprecatedListeners])
    one(declared, () => input.feed.subscribers);
  for (const declared of [ownMetrics.subscribersDropped, ownMetrics.deprecatedListenersDropped])
    one(declared, () => input.feed.dropped);
}

/** Without an engine there is one reading of 0, as of an engine that is out of reach. */
function readConnected({ engines }: MetricsInput): Value[] {
  const all = engines();
  if (all.length === 0) return [{ value: 0 }];
  return all.map(({ name, status }) => ({ value: Number(status.kind === 'connected'), labels: engineLabel(name) }));
}

function readJoined({ engines }: MetricsInput): Value[] {
  const all = engines();
  if (all.length === 0) return [{ value: 0 }];
  return all.map(({ name, joined }) => ({ value: joined.length, labels: engineLabel(name) }));
}

/** The label is left out for an engine without a name, so that the series is the one that it was before there were names. */
function engineLabel(name: string | undefined): Readonly<Record<string, string>> {
  return name === undefined ? {} : { engine: name };
}

function registerClients(registry: Registry, input: MetricsInput): void {
  for (const { metric, counters } of clientGroups) {
    registerReading(registry, metric, () => {
      const values: Readonly<Record<string, number>> = { ...input.totals(), ...input.refused() };
      return counters.map(({ name, label }) => ({ value: values[name] ?? 0, labels: label }));
    });
  }
}

function registerServices(registry: Registry, input: MetricsInput): void {
  const series = new ServiceSeries((service) => input.service(service), mostServices, {
    counters: trafficFields.filter((field) => upstreamCounters[field].kind === 'counter'),
    gauges: trafficFields.filter((field) => upstreamCounters[field].kind === 'gauge'),
  });
  for (const { metric, counters } of serviceGroups) {
    registerReading(registry, metric, () => {
      return rowsOf(series, input).flatMap(([service, traffic]) =>
        counters.map(({ name, label }) => ({ value: traffic[name], labels: { service, ...label } })),
      );
    });
  }
}

/** Reasons that never occurred have no series: most of them never do, and there may be a thousand services. */
function registerFailures(registry: Registry, input: MetricsInput): void {
  const all = (service: string): Readonly<Record<FailureReason, number>> => ({
    ...noFailures,
    ...input.failures(service),
  });
  const series = new ServiceSeries(all, mostServices, { counters: failureReasons, gauges: [] });
  registerReading(registry, ownMetrics.sessionsFailed, () =>
    rowsOf(series, input).flatMap(([service, failures]) =>
      failureReasons
        .filter((reason) => failures[reason] > 0)
        .map((reason) => ({ value: failures[reason], labels: { service, reason } })),
    ),
  );
}

const noFailures = Object.fromEntries(failureReasons.map((reason) => [reason, 0])) as Record<FailureReason, number>;

function rowsOf<Field extends string>(
  series: ServiceSeries<Field>,
  { catalog }: MetricsInput,
): readonly (readonly [service: string, Readonly<Record<Field, number>>])[] {
  const { named: own, others } = series.read(catalog().services);
  return [...own, ...(others ? [[otherServices, others] as const] : [])];
}

function named({ name, help }: MetricDeclaration): { readonly name: string; readonly help: string } {
  return { name, help };
}

function counterBy(registry: Registry, declared: MetricDeclaration, label: string, values: readonly string[]): Counter {
  const made = new Counter({ ...named(declared), labelNames: [label], registers: [registry] });
  for (const value of values) made.inc({ [label]: value }, 0);
  return made;
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
  // Several services may share one listen address.
  const open = new Map<string, 'open' | 'closed'>();
  for (const { routes } of catalog().services.values())
    for (const { listen, openPort } of routes) open.set(listen, openPort === undefined ? 'closed' : 'open');
  return countBy('state', ['open', 'closed'], [...open.values()]);
}

function countExposures({ catalog }: MetricsInput): Value[] {
  const results = (catalog().exposed ?? []).map(({ host }) => (host === undefined ? 'refused' : 'named'));
  return countBy('result', ['named', 'refused'], results);
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
