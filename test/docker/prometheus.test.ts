import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { run } from '../../dev/machine/command.ts';
import { composeProject } from '../support/engine/compose.ts';
import { uniqueName } from '../support/engine/containers.ts';
import { buildPrometheusImage, queryPrometheus, type PrometheusResults } from '../support/engine/prometheus.ts';
import { eventually, startReplica, whoAnswers } from '../support/engine/replica.ts';
import { startSealane } from '../support/sealane/sealane.ts';
import { freePort } from '../support/sockets/free-port.ts';
import { tempFolder } from '../support/temp-folder.ts';

/**
 * Prometheus from Debian, which scrapes a Sealane with a real container behind it.
 */
const token = 'a-token-for-prometheus';
describe('Prometheus', () => {
  it('accepts /metrics without complaint, and scrapes it with a token', async () => {
    const prefix = uniqueName('label');
    const [port, adminPort, prometheusPort] = [await freePort(), await freePort(), await freePort()];
    const admin = ['--admin', `127.0.0.1:${adminPort}`, '--admin-token', token];
    await using sealane = startSealane('--label-prefix', prefix, '--bind', '127.0.0.1', ...admin);
    // Only events have a discovery lag, so the container starts after the initial list.
    await sealane.line({ event: 'engine-connected' });
    const labels = { [`${prefix}.port`]: '8080', [`${prefix}.listen`]: String(port), [`${prefix}.pool`]: 'web' };
    await using web = await startReplica({ labels });
    await sealane.line({ event: 'route-opened', service: 'web' });
    expect(await whoAnswers(port)).toBe(web.name);

    await using folder = await tempFolder();
    const url = `http://127.0.0.1:${adminPort}/metrics`;
    const text = await (await fetch(url, { headers: { authorization: `Bearer ${token}` } })).text();
    await writeFile(join(folder.path, 'metrics'), text);
    expect(await run('sh', ['-c', `promtool check metrics < ${join(folder.path, 'metrics')} 2>&1`])).toBe('');

    await using prometheus = await startPrometheus(folder.path, prometheusPort, adminPort);
    const sessions = await eventually(
      () => prometheus.query('sealane_service_sessions_total{service="web"}'),
      (results) => results.length > 0,
      30_000,
    );
    expect(sessions).toMatchObject([{ metric: { job: 'sealane' }, value: [expect.any(Number), '1'] }]);
    expect(await prometheus.query('up{job="sealane"}')).toMatchObject([{ value: [expect.any(Number), '1'] }]);
    const lag = await prometheus.query('sealane_discovery_lag_seconds_count');
    expect(Number(lag[0]?.value[1])).toBeGreaterThan(0);
  });
});

const dashboardSchema = z.object({
  panels: z.array(z.object({ title: z.string(), targets: z.array(z.object({ expr: z.string() })) })),
});

describe('the example with Prometheus and Grafana', () => {
  it('is scraped, and every panel of the dashboard has data', async () => {
    const image = await buildPrometheusImage(process.env['DOCKER_HOST'] ?? '');
    await using project = composeProject('examples/prometheus-grafana', { PROMETHEUS_IMAGE: image });
    await project.compose('up', '-d', '--no-build', 'sealane', 'api', 'prometheus');
    const [port, prometheus] = [await project.port('sealane', 8080), await project.port('prometheus', 9090)];
    await eventually(
      () => whoAnswers(port),
      (answer) => answer !== 'nothing' && !answer.startsWith('E'),
    );
    const { panels } = dashboardSchema.parse(
      JSON.parse(await readFile('examples/prometheus-grafana/grafana/dashboards/sealane.json', 'utf8')),
    );
    expect(panels.length).toBeGreaterThan(10);
    for (const { title, targets } of panels) {
      for (const { expr } of targets) {
        const expression = expr.replaceAll('$__rate_interval', '1m').replaceAll('$service', '.*');
        await eventually(
          () => queryPrometheus(prometheus, expression),
          (results) => results.length > 0,
          30_000,
        ).catch((error: unknown) => expect.fail(`${title}: ${String(error)}`));
      }
    }
  });
});

async function startPrometheus(
  folder: string,
  port: number,
  adminPort: number,
): Promise<AsyncDisposable & { query(expression: string): Promise<PrometheusResults> }> {
  const config = join(folder, 'prometheus.yml');
  await mkdir(join(folder, 'data'));
  await writeFile(
    config,
    `
global: { scrape_interval: 200ms, scrape_timeout: 200ms }
scrape_configs:
  - job_name: sealane
    authorization: { credentials: ${token} }
    static_configs: [{ targets: ['localhost:${adminPort}'] }]
`,
  );
  const flags = [`--config.file=${config}`, `--storage.tsdb.path=${join(folder, 'data')}`];
  const child = spawn('prometheus', [...flags, `--web.listen-address=127.0.0.1:${port}`], { stdio: 'ignore' });
  return {
    query: (expression) => queryPrometheus(port, expression),
    async [Symbol.asyncDispose]() {
      const gone = once(child, 'exit');
      child.kill();
      await gone;
    },
  };
}
