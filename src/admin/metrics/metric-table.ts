import {
  openClients,
  serviceCounters,
  threadCounters,
  upstreamCounters,
  shownCounters,
  type CounterDeclaration,
  type ShownCounter,
} from '../../relay/boundary/counter-table.ts';
import { ownMetrics, processMetrics, type MetricDeclaration } from './own-metrics.ts';

/** A metric with the counters that it shows: one, or several with different labels. */
export interface CounterGroup<Name extends string> {
  readonly metric: MetricDeclaration;
  readonly counters: readonly { readonly name: Name; readonly label: Readonly<Record<string, string>> }[];
}

export const clientGroups = groupsOf({
  ...threadCounters,
  open: openClients,
  held: serviceCounters.held,
});
export const serviceGroups = groupsOf(upstreamCounters, ['service']);

const mostSteps = 9;
/**
 * All metrics, from which /metrics is served and the table in docs/metrics.md is written: along the way of an event and of a
 * client, then Sealane itself. Those of the relay's counters are derived from the counters' own declarations.
 */
export const allMetrics: readonly MetricDeclaration[] = [
  ...Object.values<MetricDeclaration>(ownMetrics),
  ...[...clientGroups, ...serviceGroups].map(({ metric }) => metric),
  ...Object.values<MetricDeclaration>(processMetrics),
].toSorted((a, b) => (a.step ?? mostSteps) - (b.step ?? mostSteps));

function groupsOf<Counters extends Readonly<Record<string, CounterDeclaration>>>(
  declared: Counters,
  labels: readonly string[] = [],
): readonly CounterGroup<ShownCounter<Counters>>[] {
  const byMetric = Map.groupBy(shownCounters(declared), (name) => declared[name]?.metric?.name);
  return [...byMetric.values()].flatMap((names) => {
    const first = declared[names[0] ?? ''];
    if (!first?.metric) return [];
    const { name, step, ticks, help = first.help } = first.metric;
    const own = Object.keys(first.label ?? {});
    const metric = { name, type: first.kind, help, labels: [...labels, ...own], unit: first.unit, step, ticks };
    return [{ metric, counters: names.map((one) => ({ name: one, label: declared[one]?.label ?? {} })) }];
  });
}
