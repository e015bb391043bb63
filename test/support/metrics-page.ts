import { readFile } from 'node:fs/promises';
import { allMetrics } from '../../src/admin/metrics/metric-table.ts';
import type { MetricDeclaration } from '../../src/admin/metrics/own-metrics.ts';
import { recordFields, type SessionField } from '../../src/relay/boundary/session-fields.ts';
import { table } from './reference.ts';

/**
 * Renders the tables of docs/metrics.md from the declarations of the metrics and of a session's fields. `npm run docs`
 * writes them between their marks; a test compares them.
 */
export const metricsPath = 'docs/metrics.md';

export async function renderMetricsPage(): Promise<string> {
  const page = await readFile(metricsPath, 'utf8');
  return withTable(withTable(page, 'metrics', metricsTable()), 'record fields', fieldsTable());
}

function metricsTable(): string {
  const rows = allMetrics.map((metric) => [
    metric.step === undefined ? '' : String(metric.step),
    `\`${metric.name}\``,
    metric.type === 'histogram' ? 'histogram' : (metric.labels ?? []).map((label) => `\`${label}\``).join(', '),
    unitOf(metric),
    metric.ticks,
  ]);
  return table(['', 'metric', 'labels', 'unit', 'ticks when'], rows);
}

/** The metric's unit; Prometheus' base units are part of the name. */
function unitOf({ name, unit }: MetricDeclaration): string {
  return unit ?? /_(seconds|bytes)(_total)?$/.exec(name)?.[1] ?? '';
}

function fieldsTable(): string {
  const fields = Object.entries<SessionField>(recordFields);
  return table(
    ['field', 'kind', 'meaning'],
    fields.map(([name, { kind, help }]) => [`\`${name}\``, kind, help]),
  );
}

function withTable(page: string, name: string, content: string): string {
  const [begin, end] = [`<!-- ${name}: written by \`npm run docs\` -->`, `<!-- end of ${name} -->`];
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from === -1 || to === -1) throw new Error(`${metricsPath} has no marks for its table of ${name}`);
  return `${page.slice(0, from + begin.length)}\n\n${content}\n\n${page.slice(to)}`;
}
