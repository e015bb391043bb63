import { z } from 'zod';
import { listenSchema } from './address.ts';
import { durationSchema } from './duration.ts';

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
const weight = z.coerce
  .number('must be a whole number, 0-256')
  .int('must be a whole number, 0-256')
  .min(0, 'must be a whole number, 0-256')
  .max(256, 'must be a whole number, 0-256');
const laterPolicies: ReadonlySet<string> = new Set(['random', 'source-hash', 'first']);

export const balanceSchema = z.enum(['least-connections', 'round-robin'], {
  error: ({ input }) =>
    laterPolicies.has(String(input))
      ? 'is not supported yet: use least-connections or round-robin'
      : 'must be least-connections or round-robin',
});

/** The values of the options that are supported now, as text in and as used out. */
export const routeOptionSchemas = {
  enable: z.enum(['true', 'false'], 'must be true or false').transform((text) => text === 'true'),
  listen: listenSchema,
  port,
  pool: serviceNameSchema,
  network: z.string().min(1, 'must be the name of a Docker network'),
  balance: balanceSchema,
  weight,
  hold: durationSchema,
  drain: durationSchema,
  'connect-timeout': durationSchema.refine((ms) => ms > 0, 'must be longer than 0'),
  'idle-timeout': durationSchema.refine((ms) => ms > 0, 'must be longer than 0'),
} as const;

export type SupportedOption = keyof typeof routeOptionSchemas;

/** The validated options of one route; absent where not written. */
export type RouteValues = { readonly [K in SupportedOption]?: z.output<(typeof routeOptionSchemas)[K]> };

export const poolDefaults = {
  balance: 'least-connections',
  holdMs: 10_000,
  connectTimeoutMs: 2_000,
  idleTimeoutMs: undefined,
} as const;

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
    '`least-connections`, `round-robin`',
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
  backup: later('`true`, `false`', 'fallback', 'Used only when no other upstream is ready.'),
  'max-connections': later('a number', 'fallback', 'Most sessions at once for each upstream.'),
  'slow-start': later('duration', 'fallback', 'Time over which a new upstream’s share grows.'),
  health: later('`docker`, `tcp`, `http:/path`, `none`', 'fallback', 'How fitness is judged.'),
  'health.interval': later('duration', 'fallback', 'Time between checks.'),
  'health.timeout': later('duration', 'fallback', 'Deadline of one check.'),
  'health.rise': later('a number', 'fallback', 'Good checks until it is ready.'),
  'health.fall': later('a number', 'fallback', 'Bad checks until it is unhealthy.'),
  rebalance: later('`off`, `idle`', 'fallback', 'Whether idle sessions are moved to new upstreams.'),
  'rebalance.idle': later('duration', 'fallback', 'How long a session must be idle to be moved.'),
  'proxy-protocol': later('`v1`, `v2`', 'refuse', 'Send the client’s address to the upstream.'),
  'accept-proxy': later('`true`', 'refuse', 'Expect the PROXY protocol from clients.'),
  allow: later('CIDRs', 'refuse', 'Clients that may connect.'),
  deny: later('CIDRs', 'refuse', 'Clients that may not connect.'),
  tls: later('`passthrough`, `terminate`', 'refuse', 'Who ends TLS.'),
};

export function isSupported(name: string): name is SupportedOption {
  return Object.hasOwn(routeOptionSchemas, name);
}
