import { deprecationNotice, deprecations } from '../deprecations.ts';
import { z } from 'zod';
import { serviceStates } from '../catalog/service-state.ts';
import { upstreamStates } from '../catalog/upstream.ts';
import {
  count,
  endedSessionShape,
  failuresSchema,
  heldSchema,
  liveSessionShape,
  time,
  trafficShape,
} from './derived-fields.ts';
import { closeReasons, type CloseReason } from '../relay/boundary/report.ts';
import { preferences } from '../relay/boundary/table.ts';
import { sessionStates } from '../relay/boundary/session-fields.ts';
import { standInSchema } from './stand-ins/schema.ts';
import { statusSchema } from './status-schema.ts';
import { mostEndedSessions, mostOfEach } from '../telemetry/recent-sessions.ts';

/**
 * The schemas of the admin API, each declared once: the server answers by them, the command line and the page read by
 * them, and the OpenAPI document is made of them. Names and reasons come from labels and containers; the server has
 * made them printable. Times are ISO 8601 in UTC. An absent value is null, so that every field is always there.
 */
const problemSchema = z
  .object({
    code: z.string().describe('Stable, e.g. `label-unknown`.'),
    subject: z.string().describe("A container's name, a service or a listen address."),
    containerId: z.string().nullable(),
    label: z.string().nullable().describe('The label at fault.'),
    route: z.string().nullable().describe('The route at fault: its name; empty for the one without a name.'),
    listen: z.string().nullable().describe('The address that could not be listened on, or not as asked for.'),
    services: z.array(z.string()).describe('Services it concerns.'),
    message: z.string(),
    fix: z.string().describe('The one next thing to do.'),
  })
  .meta({ id: 'Problem' });

const dialTimesSchema = z
  .object({
    count: count.describe('Dials that were answered.'),
    p50Ms: z.number().nullable().describe('Median time of a dial; null before the first.'),
    p99Ms: z.number().nullable(),
  })
  .meta({ id: 'DialTimes' });

const trafficSchema = z.object(trafficShape).meta({ id: 'Traffic' });

const taskSchema = z
  .object({
    id: z.string(),
    service: z.string().describe("The Swarm's own name of the service: `shop_web`."),
    name: z.string().describe("Docker's name for people: `shop_web.2`."),
    slot: z.int().nullable().describe('The number of a replica; null for a global service.'),
    node: z.string().nullable().describe('The host name of its node, or its id where no manager is watched.'),
    desired: z
      .string()
      .nullable()
      .describe('What the Swarm wants of it: `running`, `shutdown` or `remove`; null where no manager is watched.'),
  })
  .meta({ id: 'Task' });

const upstreamSchema = z
  .object({
    key: z.string().describe('Identity: never reused for another process. URL-encode it in paths.'),
    name: z.string().describe('Where several engines are watched, with the engine: `web@a`.'),
    containerId: z.string().nullable().describe('Null for a static upstream.'),
    engine: z.string().nullable().describe("The container's engine, where several are watched."),
    task: taskSchema.nullable().describe('The task of a Swarm that it is; null for any other.'),
    endpoints: z.array(z.string()).describe('`ip:port`, in the order in which they are tried.'),
    way: z
      .string()
      .nullable()
      .describe('Why it is reached through its published port: `since this engine is rootless`; null where it is not.'),
    state: z.enum(upstreamStates),
    suspect: z.boolean().describe('It is unhealthy because a dial failed; asked when no other is left.'),
    reason: z.string(),
    since: time.describe('When it entered this state.'),
    drainsUntil: time
      .nullable()
      .describe('When its sessions are closed; null when it does not drain, or for as long as asked.'),
    weight: count.describe('As used now.'),
    declaredWeight: count,
    weightOverridden: z.boolean(),
    drained: z.boolean().describe('An operator drains it, until `undrain`.'),
    backup: z.boolean(),
    maxConnections: count.nullable(),
    sleep: z
      .object({ afterMs: count, mode: z.enum(['stop', 'pause']) })
      .nullable()
      .describe('When its container is put to sleep: after so long without a session; null for never.'),
    health: z.string().describe('How its fitness is judged: `none`, `readiness`, `docker`, `tcp`, `http:/path`.'),
    traffic: trafficSchema,
    dial: dialTimesSchema,
  })
  .meta({ id: 'Upstream' });

const routeSchema = z
  .object({
    listen: z.string().describe('`address:port`, as asked for.'),
    selectors: z
      .array(z.string())
      .describe(
        'Clients that are meant: `host api.localhost`, `sni db.localhost`, `default`; empty: all of this address.',
      ),
    names: z.array(z.string()).meta({
      description: `${deprecationNotice(deprecations.routeNames)} There, \`rest\` is \`default\`.`,
      deprecated: true,
    }),
    open: z.boolean().describe('Clients are accepted.'),
    port: z.int().nullable().describe('The port it got; null while it is not open.'),
    published: z
      .array(z.string())
      .describe(
        "Where the engine publishes it on its host, `address:port`; empty where it doesn't, or where Sealane's ports are the host's own.",
      ),
    web: z
      .array(z.object({ scheme: z.enum(['http', 'https']), host: z.string().nullable() }))
      .describe(
        'What browsers can open on its addresses; `host` null: the address itself. Empty: not known to be HTTP.',
      ),
    reason: z.string().nullable().describe('Why it is not open.'),
  })
  .meta({ id: 'Route' });

export const serviceSchema = z
  .object({
    name: z.string(),
    state: z
      .enum(serviceStates)
      .describe('`up`: all is well; `degraded`: served, but something is wrong; `down`: clients are held or refused.'),
    reason: z.string().describe('One line: why it is in this state.'),
    routes: z.array(routeSchema),
    balance: z.string(),
    prefer: z.enum(preferences).describe('`local`: upstreams on other machines are dialed after those on this one.'),
    holdMs: count,
    connectTimeoutMs: count,
    idleTimeoutMs: count.nullable(),
    declaredBy: z.array(z.string()).describe('Containers in natural order, and `the configuration`.'),
    lingersUntil: time.nullable().describe('No container declares it any more; its port stays open so long.'),
    standIns: z
      .array(standInSchema)
      .describe('Processes that take the place of its upstreams, the one that serves first; mostly none.'),
    upstreams: z.array(upstreamSchema).describe('Static ones as they are written, then containers in natural order.'),
    held: heldSchema,
    failures: failuresSchema,
    traffic: trafficSchema,
    problems: z.array(problemSchema),
  })
  .meta({ id: 'Service' });

export const servicesSchema = z
  .object({
    at: time,
    status: statusSchema,
    services: z.array(serviceSchema).describe('Sorted by name.'),
  })
  .meta({ id: 'Services' });

export const problemsSchema = z.object({ problems: z.array(problemSchema) }).meta({ id: 'Problems' });

const sessionSchema = z.object(liveSessionShape).meta({ id: 'Session' });

export const sessionsSchema = z
  .object({
    sessions: z.array(sessionSchema).describe('Oldest first.'),
    total: count.describe('How many match, also those beyond the limit.'),
    complete: z.boolean().describe('False when a relay thread did not answer in time.'),
  })
  .meta({ id: 'Sessions' });

export const sessionsQuerySchema = z.object({
  service: z.string().optional().describe('Only of this service.'),
  state: z.enum(sessionStates).optional(),
  client: z.string().optional().describe('Only clients whose address begins so, e.g. `172.18.0.4` or `172.18.`.'),
  limit: z.coerce.number().int().min(1).max(5000).default(500),
});

const endedSessionSchema = z.object(endedSessionShape).meta({ id: 'EndedSession' });

export const endedSessionsSchema = z
  .object({
    sessions: z.array(endedSessionSchema).describe('The latest first.'),
    total: count.describe('How many of the kept ones match, also those beyond the limit.'),
  })
  .meta({ id: 'EndedSessions' });

export const endedQuerySchema = z.object({
  service: z.string().optional().describe('Only of this service.'),
  reason: z
    .enum(Object.keys(closeReasons) as CloseReason[])
    .optional()
    .describe('Only those that ended so.'),
  failed: z.enum(['true', 'false']).default('false').describe('Only those that failed for their client.'),
  limit: z.coerce.number().int().min(1).max(mostEndedSessions).default(mostOfEach),
});

/** The steps of an explanation, in the order of a client's way. */
const explainSteps = ['engine', 'declared', 'listener', 'network', 'upstreams', 'clients'] as const;

export const explanationSchema = z
  .object({
    subject: z.string().describe('What was asked for.'),
    kind: z.enum(['service', 'container', 'port', 'unknown']),
    verdict: z.enum(['reachable', 'degraded', 'unreachable']),
    cause: z.string().describe('Stable, e.g. `nothing-listens`; `fine` when there is nothing to explain.'),
    summary: z.string().describe('One line.'),
    next: z.string().nullable().describe('The one next thing to do; null when there is nothing to do.'),
    suggestions: z.array(z.string()).describe('What was probably meant, best first.'),
    services: z.array(z.string()).describe('Services that the subject stands for.'),
    steps: z
      .array(
        z.object({
          step: z.enum(explainSteps),
          status: z.enum(['ok', 'warn', 'bad', 'info']),
          text: z.string(),
        }),
      )
      .describe('What was checked, on the way from the declaration to the upstream.'),
    problems: z.array(problemSchema),
    dialFailures: z
      .array(z.object({ at: time, upstream: z.string(), error: z.string().describe('errno and address.'), count }))
      .describe('Of late, newest first.'),
  })
  .meta({ id: 'Explanation' });

/** PUT /api/upstreams/{key}/weight; null restores the declared weight. */
export const weightSchema = z.object({ weight: z.int().min(0).max(256).nullable() }).meta({ id: 'Weight' });

/** What an action came to. */
export const actionSchema = z
  .object({ upstream: z.string(), message: z.string(), sessions: count.describe('Sessions on it at that moment.') })
  .meta({ id: 'Action' });

/** What was done to the containers of a service. */
export const restSchema = z
  .object({ service: z.string(), message: z.string(), containers: z.array(z.string()) })
  .meta({ id: 'Rest' });

/** RFC 9457, `application/problem+json`. */
export const errorSchema = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    suggestions: z.array(z.string()).optional().describe('Names that were probably meant.'),
  })
  .meta({ id: 'Error' });

export const readinessSchema = z.object({ ready: z.boolean(), reason: z.string() }).meta({ id: 'Readiness' });

export type ApiProblem = z.output<typeof problemSchema>;
export type ApiUpstream = z.output<typeof upstreamSchema>;
export type ApiRoute = z.output<typeof routeSchema>;
export type ApiTraffic = z.output<typeof trafficSchema>;
export type ApiService = z.output<typeof serviceSchema>;
export type ApiServices = z.output<typeof servicesSchema>;
export type ApiSession = z.output<typeof sessionSchema>;
export type ApiSessions = z.output<typeof sessionsSchema>;
export type ApiEndedSession = z.output<typeof endedSessionSchema>;
export type ApiEndedSessions = z.output<typeof endedSessionsSchema>;
export type ApiExplanation = z.output<typeof explanationSchema>;
export type ApiAction = z.output<typeof actionSchema>;
export type ApiRest = z.output<typeof restSchema>;
export type ApiError = z.output<typeof errorSchema>;
