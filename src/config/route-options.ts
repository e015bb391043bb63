import { z } from 'zod';
import { listenSchema } from './address.ts';
import { durationSchema } from './duration.ts';
import { balancePolicies } from '../relay/table.ts';

/**
 * Every option of a route, once: labels, the configuration file and the reference in the docs are all read from here.
 */
export interface RouteOption {
  /** What may be written, for people. */
  readonly value: string;
  /** What holds when it is not written, for people. */
  readonly fallback: string;
  readonly description: string;
  /**
   * What happens to the route when the value is malformed or the option is not supported yet: `refuse` where serving it
   * anyway could expose it or send clients to the wrong place, else `fallback`.
   */
  readonly onMistake: 'refuse' | 'fallback';
  /** False for names that are reserved: using one says "not supported yet". */
  readonly supported: boolean;
}

/** Service names appear in logs, metrics and URLs. */
export const serviceNameSchema = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9_.:/-]{0,127}$/,
    'must be 1-128 letters, digits or _ . : / - and start with a letter or digit',
  );

const port = z.coerce
  .number('must be a port, 1-65535')
  .int('must be a port, 1-65535')
  .min(1, 'must be a port, 1-65535')
  .max(65_535, 'must be a port, 1-65535');
/** Digits only: an empty text would be taken for 0, and 0 sends nobody. */
const weight = z
  .string()
  .regex(/^\d{1,3}$/, 'must be a whole number, 0-256')
  .transform(Number)
  .refine((value) => value <= 256, 'must be a whole number, 0-256');
export const balanceSchema = z.enum(
  balancePolicies,
  'must be least-connections, round-robin, random, source-hash or first',
);

const count = (max: number): z.ZodType<number> =>
  z.coerce
    .number(`must be a whole number, 1-${max}`)
    .int(`must be a whole number, 1-${max}`)
    .min(1, `must be a whole number, 1-${max}`)
    .max(max, `must be a whole number, 1-${max}`);

const flag = z.enum(['true', 'false'], 'must be true or false').transform((text) => text === 'true');
const positiveDuration = durationSchema.refine((ms) => ms > 0, 'must be longer than 0');

/** What a `health` label asks for. A path is what follows `http:`, and goes onto a request line: nothing unprintable. */
const healthSchema = z.string().transform((text, context) => {
  if (text === 'docker' || text === 'tcp' || text === 'none') return { kind: text } as const;
  const path = /^http:(\/[!-~]*)$/.exec(text)?.[1];
  if (path !== undefined) return { kind: 'http', path } as const;
  context.addIssue({ code: 'custom', message: 'must be docker, tcp, none or http:/path' });
  return z.NEVER;
});

/** The values of the options that are supported now, as text in and as used out. */
export const routeOptionSchemas = {
  enable: flag,
  listen: listenSchema,
  port,
  pool: serviceNameSchema,
  network: z.string().min(1, 'must be the name of a Docker network'),
  balance: balanceSchema,
  weight,
  hold: durationSchema,
  drain: durationSchema,
  'connect-timeout': positiveDuration,
  'idle-timeout': positiveDuration,
  backup: flag,
  'max-connections': count(1_000_000),
  'slow-start': durationSchema,
  health: healthSchema,
  'health.interval': positiveDuration,
  'health.timeout': positiveDuration,
  'health.rise': count(100),
  'health.fall': count(100),
  rebalance: z.enum(['off', 'idle'], 'must be off or idle'),
  'rebalance.idle': positiveDuration,
} as const;

export type SupportedOption = keyof typeof routeOptionSchemas;

/** The validated options of one route; absent where not written. */
export type RouteValues = { readonly [K in SupportedOption]?: z.output<(typeof routeOptionSchemas)[K]> };

export const poolDefaults = {
  balance: 'least-connections',
  holdMs: 10_000,
  connectTimeoutMs: 2_000,
  idleTimeoutMs: undefined,
  rebalanceIdleMs: 30_000,
} as const;

/** HAProxy's defaults where it has some (`inter`, `rise`, `fall`). */
export const checkDefaults = { intervalMs: 2_000, timeoutMs: 2_000, rise: 2, fall: 3 } as const;

function now(value: string, fallback: string, onMistake: RouteOption['onMistake'], description: string): RouteOption {
  return { value, fallback, onMistake, description, supported: true };
}

function later(value: string, onMistake: RouteOption['onMistake'], description: string): RouteOption {
  return { value, fallback: '', onMistake, description, supported: false };
}

export const routeOptions: Readonly<Record<string, RouteOption>> = {
  enable: now(
    '`true`, `false`',
    '`true` when any other label is present',
    'refuse',
    'Whether the container (or the named route) is served.',
  ),
  listen: now(
    '`5432`, `127.0.0.1:5432`, `[::1]:5432`',
    'the value of `port`',
    'refuse',
    'Where clients connect. Without an address: 127.0.0.1 on a host, 0.0.0.0 inside a container (setting `bind`).',
  ),
  port: now('1-65535', 'the one exposed port', 'refuse', "The container's own port."),
  pool: now(
    'a service name',
    '`<project>/<service>` for compose, else the container’s name',
    'refuse',
    'The service whose pool the container joins. A named route adds `:<route>` to the default.',
  ),
  network: now(
    'a Docker network',
    'a network shared with Sealane',
    'refuse',
    'The network to reach the container on; compose’s short name works too.',
  ),
  balance: now(
    '`least-connections`, `round-robin`, `random`, `source-hash`, `first`',
    '`least-connections`',
    'fallback',
    'How sessions are spread over the pool.',
  ),
  weight: now('0-256', '1', 'fallback', 'Share of new sessions; 0 takes none.'),
  hold: now(
    'duration',
    '`10s`',
    'fallback',
    'How long a client waits while nothing is ready, and how long the port stays open after the last container went; 0 closes at once.',
  ),
  drain: now(
    'duration',
    'the container’s stop timeout',
    'fallback',
    'How long sessions run on after their upstream was taken out of the pool.',
  ),
  'connect-timeout': now('duration', '`2s`', 'fallback', 'Deadline of one dial; then the next upstream is tried.'),
  'idle-timeout': now('duration', 'none', 'fallback', 'Closes a session after so long without a byte either way.'),
  sni: later('names, `*.` wildcard', 'refuse', 'TLS server names that this route serves on a shared port.'),
  host: later('names, `*.` wildcard', 'refuse', 'HTTP hosts that this route serves on a shared port.'),
  backup: now('`true`, `false`', '`false`', 'fallback', 'Used only when no other upstream is ready.'),
  'max-connections': now(
    '1-1000000',
    'no limit',
    'fallback',
    'Most sessions at once for each upstream; one more goes to the next, or waits.',
  ),
  'slow-start': now('duration', '`0`', 'fallback', 'Time over which the share of an upstream that became ready grows.'),
  health: now(
    '`docker`, `tcp`, `http:/path`, `none`',
    '`docker` with a HEALTHCHECK, else ready once its port accepts',
    'fallback',
    'How fitness is judged. `http:` takes any answer from 200 to 399.',
  ),
  'health.interval': now('duration', '`2s`', 'fallback', 'Time between checks (`tcp`, `http`).'),
  'health.timeout': now('duration', '`2s`', 'fallback', 'Deadline of one check.'),
  'health.rise': now('1-100', '`2`', 'fallback', 'Good checks in a row until an unhealthy upstream is ready.'),
  'health.fall': now('1-100', '`3`', 'fallback', 'Bad checks in a row until a ready upstream is unhealthy.'),
  rebalance: now(
    '`off`, `idle`',
    '`off`',
    'fallback',
    'After a scale-up, `idle` closes idle sessions on crowded upstreams, so that connection pools spread.',
  ),
  'rebalance.idle': now('duration', '`30s`', 'fallback', 'How long a session must be idle to be closed for that.'),
  'proxy-protocol': later('`v1`, `v2`', 'refuse', 'Send the client’s address to the upstream.'),
  'accept-proxy': later('`true`', 'refuse', 'Expect the PROXY protocol from clients.'),
  allow: later('CIDRs', 'refuse', 'Clients that may connect.'),
  deny: later('CIDRs', 'refuse', 'Clients that may not connect.'),
  tls: later('`passthrough`, `terminate`', 'refuse', 'Who ends TLS.'),
};

export function isSupported(name: string): name is SupportedOption {
  return Object.hasOwn(routeOptionSchemas, name);
}
