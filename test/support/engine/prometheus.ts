import { z } from 'zod';
import { programEntries } from '../../../dev/images/machine-files.ts';
import { importImage } from '../../../dev/images/root-filesystem.ts';
import { connect } from '../../../src/demo/engine-client.ts';
import { required } from './busybox.ts';

/**
 * Builds an image of Prometheus, and queries one that runs.
 */
const resultSchema = z.object({
  status: z.literal('success'),
  data: z.object({
    result: z.array(z.object({ metric: z.record(z.string(), z.string()), value: z.tuple([z.number(), z.string()]) })),
  }),
});

export type PrometheusResults = z.output<typeof resultSchema>['data']['result'];

/** The results of an expression; empty when Prometheus does not answer or rejects the expression. */
export async function queryPrometheus(port: number, expression: string): Promise<PrometheusResults> {
  const url = `http://127.0.0.1:${port}/api/v1/query?query=${encodeURIComponent(expression)}`;
  const answer: unknown = await fetch(url)
    .then((response) => response.json())
    .catch(() => undefined);
  return resultSchema.safeParse(answer).data?.data.result ?? [];
}

/** Builds an image of Debian's Prometheus from this machine's files. */
export async function buildPrometheusImage(host: string): Promise<string> {
  const entries = [
    ...(await programEntries(await required('prometheus'), '/usr/bin/prometheus')),
    { kind: 'folder', path: '/tmp', mode: 0o1777 } as const,
  ];
  return importImage(connect(host), 'sealane-test-prometheus', entries, ['ENV PATH=/usr/bin']);
}
