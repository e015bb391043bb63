import { z } from 'zod';
import { addressRangesSchema, listenSchema, trustedSchema } from '../address/schemas.ts';
import { durationSchema } from '../text/duration.ts';
import { hostNamesSchema, serverNamesSchema } from './server-names.ts';
import { balancePolicies, tlsModes, type UpstreamTls } from '../relay/boundary/table.ts';

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
   * What happens to the route when the value is malformed: `refuse` where serving it anyway could expose it or send
   * clients to the wrong place, else `fallback`.
   */
  readonly onMistake: 'refuse' | 'fallback';
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

const upstreamTlsSchema = z.string().transform((text, context): UpstreamTls | 'off' => {
  if (text === 'off') return text;
  if (text === 'any') return { serverName: '', verify: false };
  const [name, ...more] = serverNamesSchema.safeParse(text).data ?? [];
  if (name !== undefined && more.length === 0 && !name.startsWith('*')) return { serverName: name, verify: true };
  context.addIssue({ code: 'custom', message: 'must be off, any, or the name that its certificate is for' });
  return z.NEVER;
});

/** RFC 7301: up to 255 bytes each; what is registered with IANA is far shorter, and printable. */
const alpnSchema = z.string().transform((text, context): readonly string[] => {
  if (text === 'off') return [];
  const protocols = text.split(',').map((part) => part.trim());
  if (protocols.length <= 16 && protocols.every((one) => /^[!-+\--~]{1,64}$/.test(one))) return protocols;
  context.addIssue({
    code: 'custom',
    message: 'must be protocols such as h2, http/1.1, with commas between them, or off',
  });
  return z.NEVER;
});

/** The values of the options, as text in and as used out. */
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
  sni: serverNamesSchema,
  host: hostNamesSchema,
  'sniff-timeout': positiveDuration,
  'proxy-protocol': z.enum(['v1', 'v2', 'off'], 'must be v1, v2 or off'),
  'accept-proxy': trustedSchema,
  allow: addressRangesSchema,
  deny: addressRangesSchema,
  'max-connections.service': count(1_000_000),
  'max-connections.client': count(1_000_000),
  'connection-rate.client': count(100_000),
  tls: z.enum(tlsModes, 'must be passthrough or terminate'),
  'tls.alpn': alpnSchema,
  'tls.upstream': upstreamTlsSchema,
} as const;

export type OptionName = keyof typeof routeOptionSchemas;

/** The validated options of one route; absent where not written. */
export type RouteValues = { readonly [K in OptionName]?: z.output<(typeof routeOptionSchemas)[K]> };

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
  return { value, fallback, onMistake, description };
}

export const routeOptions: Readonly<Record<OptionName, RouteOption>> = {
  enable: now(
    '`true`, `false`',
    '`true` when any other label is present',
    'refuse',
    'Whether the container (or the named route) is served.',
  ),
  listen: now(
    '`5432`, `127.0.0.1:5432`, `[::1]:5432`, `7000-7010`, `unix:/path`',
    'the value of `port`',
    'refuse',
    'Where clients connect; several with commas. Without an address: 127.0.0.1 on a host, 0.0.0.0 inside a container (setting `bind`). A range makes a service for each port, leading to the container’s ports in step.',
  ),
  port: now(
    '1-65535',
    'the one exposed port; for a range, the ports listened on',
    'refuse',
    "The container's own port; for a range, the first of them.",
  ),
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
  host: now(
    'names, `*.` wildcard, addresses',
    'none: whatever no name matches',
    'refuse',
    'HTTP hosts that the route serves on its port, such as `api.localhost, *.shop.localhost, [::1]`. Routes with other names share the port.',
  ),
  sni: now(
    'names, `*.` wildcard',
    'none: whatever no name matches',
    'refuse',
    'TLS server names that the route serves on its port; also for Postgres clients that ask for TLS.',
  ),
  'sniff-timeout': now(
    'duration',
    '`1s`',
    'fallback',
    'On a port with names: how long a client may be silent until it is taken for one of a protocol in which the server speaks first. The longest of those who share the port holds.',
  ),
  'accept-proxy': now(
    '`true`, `false`, CIDRs',
    '`false`',
    'refuse',
    'Clients send a PROXY protocol header (v1 or v2) first: all of them, or those from these addresses. All routes on one port must agree.',
  ),
  'proxy-protocol': now(
    '`v1`, `v2`, `off`',
    '`off`',
    'refuse',
    'Tells the upstream the client’s address in a PROXY protocol header.',
  ),
  allow: now('CIDRs', 'everybody', 'refuse', 'Clients that may connect, such as `10.0.0.0/8, fd00::/8, 127.0.0.1`.'),
  deny: now('CIDRs', 'nobody', 'refuse', 'Clients that may not connect, even if `allow` names them.'),
  'max-connections.service': now('1-1000000', 'no limit', 'fallback', 'Most clients of the whole service at once.'),
  'max-connections.client': now(
    '1-1000000',
    'no limit',
    'fallback',
    'Most connections of one client address to the service at once.',
  ),
  'connection-rate.client': now(
    '1-100000',
    'no limit',
    'fallback',
    'New connections a second of one client address to the service; as many may come at once.',
  ),
  tls: now(
    '`passthrough`, `terminate`',
    '`passthrough`',
    'refuse',
    'Who ends TLS: the upstream, or Sealane with a certificate of its own (setting `certs`). Then `host` names are TLS server names, too.',
  ),
  'tls.alpn': now(
    'protocols, or `off`',
    '`http/1.1`',
    'fallback',
    'Where Sealane ends TLS: the application protocols that it agrees on with clients (ALPN), best first. Name `h2` if the upstream speaks HTTP/2 without TLS: bytes are relayed as they are.',
  ),
  'tls.upstream': now(
    '`off`, `any`, or a name',
    '`off`',
    'refuse',
    'Speaks TLS with the upstream, whose certificate must be for this name (settings `upstream-ca`, `upstream-cert`); `any` takes whatever it shows.',
  ),
};

export function isOption(name: string): name is OptionName {
  return Object.hasOwn(routeOptionSchemas, name);
}
