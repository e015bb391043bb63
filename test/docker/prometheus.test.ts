import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { run } from '../../src/demo/engine/command.ts';
import { uniqueName } from '../support/containers.ts';
import { eventually, startReplica, whoAnswers } from '../support/replica.ts';
import { startSealane } from '../support/sealane.ts';
import { freePort } from '../support/sockets.ts';
import { tempFolder } from '../support/temp-folder.ts';

/**
 * Debian's Prometheus against a Sealane with a real container behind it.
 */
const token = 'a-token-for-prometheus';
const resultSchema = z.object({
  status: z.literal('success'),
  data: z.object({
    result: z.array(z.object({ metric: z.record(z.string(), z.string()), value: z.tuple([z.number(), z.string()]) })),
  }),
});

describe('Prometheus', () => {
  it('finds nothing to object to in /metrics, and scrapes it with a token', async () => {
    const prefix = uniqueName('label');
    const [port, adminPort, prometheusPort] = [await freePort(), await freePort(), await freePort()];
    const admin = ['--admin', `127.0.0.1:${adminPort}`, '--admin-token', token];
    await using sealane = startSealane('--label-prefix', prefix, '--bind', '127.0.0.1', ...admin);
    const labels = { [`${prefix}.port`]: '8080', [`${prefix}.listen`]: String(port), [`${prefix}.pool`]: 'web' };
    await using web = await startReplica({ labels });
    await sealane.line(/web is served/);
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

type Results = z.output<typeof resultSchema>['data']['result'];

async function startPrometheus(
  folder: string,
  port: number,
  adminPort: number,
): Promise<AsyncDisposable & { query(expression: string): Promise<Results> }> {
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
    async query(expression) {
      const url = `http://127.0.0.1:${port}/api/v1/query?query=${encodeURIComponent(expression)}`;
      // Not listening, or not ready yet.
      const answer: unknown = await fetch(url)
        .then((response) => response.json())
        .catch(() => undefined);
      return resultSchema.safeParse(answer).data?.data.result ?? [];
    },
    async [Symbol.asyncDispose]() {
      const gone = once(child, 'exit');
      child.kill();
      await gone;
    },
  };
}
