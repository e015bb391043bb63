import { z } from 'zod';

/**
 * Queries a running Prometheus.
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
