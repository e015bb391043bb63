import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { problemCodes } from '../../../../src/catalog/problem.ts';
import { allMetrics } from '../../../../src/admin/metrics/metric-table.ts';
import { closeReasons, refusals, type SessionRecord } from '../../../../src/relay/boundary/report.ts';
import { adminSource, catalogOf, declare } from '../../../support/sealane/admin-source.ts';
import { declaredUpstream } from '../../../support/declared.ts';
import { metricsPath, renderMetricsPage } from '../../../support/metrics-page.ts';

const read = async (source = adminSource()): Promise<string> => (await source.metrics()).text;

describe('the metrics', () => {
  it('have every series from the start, at zero', async () => {
    const text = await read(adminSource(catalogOf([])));
    for (const reason of Object.keys(closeReasons)) {
      expect(text).toContain(`sealane_sessions_closed_total{reason="${reason}"} 0\n`);
    }
    for (const code of problemCodes) expect(text).toContain(`sealane_problems{code="${code}"} 0\n`);
    for (const state of ['starting', 'ready', 'unhealthy', 'paused', 'draining']) {
      expect(text).toContain(`sealane_upstreams{state="${state}"} 0\n`);
    }
    for (const name of ['session_duration', 'discovery_lag'])
      expect(text).toContain(`sealane_${name}_seconds_count 0\n`);
    expect(text).toContain('sealane_engine_events_total{action="die"} 0\n');
  });

  it('add up histograms that are kept in shared memory', async () => {
    const lines = (await read()).split('\n').filter((line) => line.startsWith('sealane_dial_duration_seconds'));
    expect(lines).toEqual([
      'sealane_dial_duration_seconds_bucket{le="0.001"} 3',
      'sealane_dial_duration_seconds_bucket{le="0.01"} 5',
      'sealane_dial_duration_seconds_bucket{le="+Inf"} 6',
      'sealane_dial_duration_seconds_sum 0.09',
      'sealane_dial_duration_seconds_count 6',
    ]);
  });

  it('have a label for the engine where it has a name, and the same series as ever where it has none', async () => {
    const names = (text: string): string[] => text.split('\n').filter((line) => line.includes('engine_connected'));
    expect(names(await read())).toContain('sealane_engine_connected 1');
    const connected = { kind: 'connected', apiVersion: '1.41' } as const;
    const engine = { endpoint: 'unix:///engine', status: connected, containers: 0, actions: [], joined: ['shop'] };
    const engines = [
      { ...engine, name: 'a' },
      { ...engine, name: 'b', status: { kind: 'connecting' } as const },
    ];
    const source = adminSource(catalogOf([]), { engines });
    source.counted.onEngineEvent('die', 'b');
    const text = await read(source);
    expect(names(text)).toEqual(
      expect.arrayContaining(['sealane_engine_connected{engine="a"} 1', 'sealane_engine_connected{engine="b"} 0']),
    );
    expect(text).toContain('sealane_joined_networks{engine="a"} 1\n');
    expect(text).toContain('sealane_engine_events_total{engine="a",action="die"} 0\n');
    expect(text).toContain('sealane_engine_events_total{engine="b",action="die"} 1\n');
  });

  it('count ends of sessions and engine events, and sum up unknown actions', async () => {
    const source = adminSource();
    const ended = { reason: 'hold-expired', totalMs: 400 } as SessionRecord;
    source.counted.onSessions([ended, ended], 3);
    for (const action of ['health_status: healthy', 'die', 'exec_start: sh -c "evil"'])
      source.counted.onEngineEvent(action, undefined);
    source.counted.onDiscovered(4);
    const text = await read(source);
    expect(text).toContain('sealane_sessions_closed_total{reason="hold-expired"} 2\n');
    expect(text).toContain('sealane_session_records_dropped_total 3\n');
    expect(text).toContain('sealane_session_duration_seconds_bucket{le="0.5"} 2\n');
    for (const action of ['health_status', 'die', 'other']) expect(text).toContain(`{action="${action}"} 1\n`);
    expect(text).not.toContain('evil');
    expect(text).toContain('sealane_discovery_lag_seconds_bucket{le="0.005"} 1\n');
  });

  it('hold no more than a thousand services by name, and sum up the others', async () => {
    const many = Array.from({ length: 1_003 }, (_, index) =>
      declare(`s${String(index).padStart(4, '0')}`, declaredUpstream(`u${index}`), { port: 1_000 + index }),
    );
    const lines = (await read(adminSource(catalogOf(many))))
      .split('\n')
      .filter((line) => line.startsWith('sealane_service_sessions_total{'));
    expect(lines).toHaveLength(1_001);
    expect(lines.at(-1)).toBe('sealane_service_sessions_total{service="(others)"} 36');
  });

  it('never let the sum of the others fall, whichever service leaves', async () => {
    const many = Array.from({ length: 1_003 }, (_, index) =>
      declare(`s${String(index).padStart(4, '0')}`, declaredUpstream(`u${index}`), { port: 1_000 + index }),
    );
    let catalog = catalogOf(many);
    const source = adminSource(() => catalog);
    const others = async (): Promise<number> =>
      Number(/^sealane_service_sessions_total\{service="\(others\)"\} (\d+)$/m.exec(await read(source))?.[1]);
    expect(await others()).toBe(36);
    catalog = catalogOf(many.slice(1));
    expect(await others()).toBe(36);
    catalog = catalogOf(many.slice(0, 1_001));
    expect(await others()).toBeGreaterThanOrEqual(36);
  });

  it('are those that are declared, each with its type and help', async () => {
    const text = await read();
    for (const { name, type, help } of allMetrics) {
      expect(text).toContain(`# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`);
    }
    expect([...text.matchAll(/^# TYPE /gm)]).toHaveLength(allMetrics.length);
  });

  it('show each counter of the relay by the labels that tell it from others of the same metric', async () => {
    const text = await read();
    expect(text).toContain('sealane_service_bytes_total{service="web",direction="up"} 100\n');
    expect(text).toContain('sealane_service_bytes_total{service="web",direction="down"} 2000\n');
    expect(text).toContain('sealane_clients_held 2\n');
    expect(text.split('\n').filter((line) => line.startsWith('sealane_service_sessions_failed_total'))).toEqual([
      'sealane_service_sessions_failed_total{service="web",reason="hold-expired"} 2',
    ]);
    for (const reason of refusals) expect(text).toContain(`sealane_clients_refused_total{reason="${reason}"} 0\n`);
  });

  it('that were renamed are served by the old name, too, with a deprecation in its help', async () => {
    const source = adminSource();
    source.feed.subscribe({ after: undefined, stats: false }, () => undefined);
    const text = await read(source);
    for (const name of ['sealane_admin_subscribers', 'sealane_admin_listeners']) expect(text).toContain(`${name} 1\n`);
    expect(text).toMatch(/^# HELP sealane_admin_listeners Deprecated, .* use sealane_admin_subscribers\.$/m);
  });

  it('are in docs/metrics.md with the fields of records, as they are declared (npm run docs writes it)', async () => {
    expect(await readFile(metricsPath, 'utf8')).toBe(await renderMetricsPage());
  });
});
