import { deprecationNotice, deprecations } from '../deprecations.ts';
import { z } from 'zod';
import { clientsShape, count, time } from './derived-fields.ts';

/**
 * The schema of the admin API's status: of Sealane itself, of the engines that it watches, and of their Swarm.
 */
const engineSchema = z
  .object({
    name: z.string().nullable().describe('Null for an only engine that was given no name.'),
    endpoint: z.string(),
    state: z
      .enum(['connecting', 'connected', 'disconnected'])
      .describe('`disconnected`: it is out of reach; its containers are as last known.'),
    reason: z.string().nullable().describe('Why it is not connected or is ignored, or what it answers slowly.'),
    containers: count.describe(
      'Containers with labels of Sealane or of a Swarm service with such labels, as last known, and those whose network they share.',
    ),
    actions: z.array(z.string()).describe('What Sealane may ask it to change: `start`, `stop`, `pause`, `connect`.'),
    joined: z.array(z.string()).describe('The networks that Sealane joined there, with the container that it runs in.'),
  })
  .meta({ id: 'Engine' });

export const statusSchema = z
  .object({
    version: z.string(),
    startedAt: time,
    driver: z.string(),
    workers: count,
    ready: z.boolean(),
    readyReason: z.string(),
    engines: z
      .array(engineSchema)
      .describe('In the order in which they were given; empty where Sealane runs without Docker.'),
    swarm: z
      .object({
        state: z
          .enum(['watched', 'failing', 'reading', 'unseen'])
          .describe(
            '`failing`: it is as last known; `unseen`: the engine is a worker, and no manager is watched, so that tasks of other nodes are unknown.',
          ),
        text: z.string(),
        nodes: count,
        services: count.describe('Also those without labels of Sealane.'),
        tasks: count.describe('Of services with labels of Sealane.'),
      })
      .nullable()
      .meta({ id: 'Swarm' })
      .describe('Null where no engine is a node of a Swarm.'),
    names: z
      .object({
        template: z.string(),
        listen: z.array(z.string()).describe('The listen addresses on which names are served.'),
        refused: z
          .array(z.object({ container: z.string(), containerId: z.string(), reason: z.string() }))
          .describe('Containers without labels that get no name, the first 50.'),
        refusedTotal: count,
      })
      .nullable()
      .meta({ id: 'Names' })
      .describe('Null where services get no names without a label (setting `names`).'),
    engine: z
      .object({
        state: z.enum(['none', 'connecting', 'connected', 'disconnected']),
        endpoint: z.string().nullable(),
        reason: z.string().nullable(),
      })
      .meta({
        description: `${deprecationNotice(deprecations.statusEngine)} Of several: the first that is not connected, else the first.`,
        deprecated: true,
      }),
    sleep: z
      .object({
        asleep: count.describe('Upstreams that are asleep now.'),
        asleepMs: count.describe(
          'How long containers with the label `sleep` were asleep, together, since Sealane began.',
        ),
        memoryBytes: count.describe('What they had in use before, and gave back, as far as the engine tells.'),
        wakes: count.describe('Since Sealane began; with `wakeMs`, the time of all of them, the mean time of a wake.'),
        wakeMs: count,
        wakeFailures: count,
      })
      .nullable()
      .meta({ id: 'SleepTotals' })
      .describe('Null where no container has slept, and none is asleep.'),
    ...clientsShape,
    services: z.object({ up: count, degraded: count, down: count }),
    problems: count,
  })
  .meta({ id: 'Status' });

export type ApiEngine = z.output<typeof engineSchema>;
export type ApiStatus = z.output<typeof statusSchema>;
export type ApiSwarm = NonNullable<ApiStatus['swarm']>;
