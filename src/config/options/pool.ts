import { z } from 'zod';
import {
  balancePolicies,
  defaultPool,
  preferences,
  proxyProtocols,
  type ConnectRate,
  type PoolOptions,
  type UpstreamTls,
} from '../../relay/boundary/table.ts';
import { intersectRanges, uniteRanges } from '../../address/range-sets.ts';
import { didYouMean } from '../../text/did-you-mean.ts';
import { refuse } from '../../text/refusal.ts';
import { meantName, serverNamesSchema } from '../server-names.ts';
import { cidrs, duration, oneOf, positiveDuration, wholeNumber } from './kinds.ts';
import type { OptionTable } from './option.ts';

/**
 * The options of a service's pool, which set the fields of PoolOptions. `defaultPool` has the defaults.
 */
const sendProxy = oneOf([...proxyProtocols, 'off']);
const rebalance = oneOf(['off', 'idle']);
const rebalanceIdleMs = 30_000;
const perSecond = wholeNumber(1, 100_000);

type Ranges = PoolOptions['allow'];
type Rate = ConnectRate | undefined;

/** The lower of two limits; undefined stands for no limit. */
function lower(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined || other === undefined ? (one ?? other) : Math.min(one, other);
}

const upstreamTlsSchema = z.string().transform((text, context): UpstreamTls | undefined => {
  if (text === 'off') return undefined;
  if (text === 'any') return { serverName: '', verify: false };
  const [name, ...more] = serverNamesSchema.safeParse(text).data ?? [];
  if (name !== undefined && more.length === 0 && !name.startsWith('*')) return { serverName: name, verify: true };
  const meant = didYouMean(text, ['off', 'any']) ?? meantName(text);
  return refuse(context, 'must be off, any, or the name that its certificate is for', meant);
});

/** ALPN names have up to 255 bytes (RFC 7301); those registered with IANA are far shorter, and printable. */
const alpnSchema = z.string().transform((text, context): readonly string[] => {
  if (text === 'off') return [];
  const protocols = text.split(',').map((part) => part.trim());
  if (areProtocols(protocols)) return protocols;
  const meant = text.trim().split(/[\s,;|]+/);
  return refuse(
    context,
    'must be protocols such as h2, http/1.1, with commas between them, or off',
    areProtocols(meant) ? meant.join(', ') : undefined,
  );
});

function areProtocols(parts: readonly string[]): boolean {
  return parts.length <= 16 && parts.every((one) => /^[!-+\--~]{1,64}$/.test(one));
}

export const poolOptions = {
  balance: {
    ...oneOf(balancePolicies),
    field: 'balance',
    default: defaultPool.balance,
    onMistake: 'fallback',
    description:
      'Which upstream gets the next session: the one with the fewest (`least-connections`), each in turn (`round-robin`), the ' +
      'less busy of two that are drawn (`random`), the same one for each client address (`source-hash`), or the oldest ' +
      'until it is full (`first`).',
  },
  prefer: {
    ...oneOf(preferences),
    // A static service does not say which machine its upstreams are on.
    containerOnly: true,
    field: 'prefer',
    default: defaultPool.prefer,
    onMistake: 'fallback',
    description:
      'Which upstreams get sessions first: with `local` those on the machine, or the node of a Swarm, that Sealane is on, as long as one of them is ready and below its limit.',
  },
  hold: {
    ...duration,
    field: 'holdMs',
    default: defaultPool.holdMs,
    onMistake: 'fallback',
    description:
      'How long a client waits while no upstream is ready, and how long the port stays open after the last container is gone; 0 closes at once.',
  },
  'connect-timeout': {
    ...positiveDuration,
    field: 'connectTimeoutMs',
    default: defaultPool.connectTimeoutMs,
    onMistake: 'fallback',
    description:
      'The deadline of one dial; after it the next upstream is dialed. A dial that is not answered for 150 ms gets another one beside it.',
  },
  'idle-timeout': {
    ...positiveDuration,
    field: 'idleTimeoutMs',
    fallback: 'none',
    onMistake: 'fallback',
    description: 'Closes a session in which no byte was sent either way for so long.',
  },
  rebalance: {
    ...rebalance,
    schema: rebalance.schema.transform((mode) => (mode === 'idle' ? rebalanceIdleMs : undefined)),
    field: 'rebalanceIdleMs',
    fallback: '`off`',
    onMistake: 'fallback',
    description: 'After a scale-up, `idle` closes idle sessions on crowded upstreams, so that connection pools spread.',
  },
  'rebalance.idle': {
    ...positiveDuration,
    // The option replaces the time of `rebalance`, which has the field.
    default: rebalanceIdleMs,
    onMistake: 'fallback',
    description: 'How long a session must be idle before `rebalance` closes it.',
  },
  'proxy-protocol': {
    ...sendProxy,
    schema: sendProxy.schema.transform((version) => (version === 'off' ? undefined : version)),
    field: 'proxyProtocol',
    fallback: '`off`',
    onMistake: 'refuse',
    description: 'Sends the client’s address to the upstream in a PROXY protocol header.',
  },
  allow: {
    ...cidrs,
    list: true,
    field: 'allow',
    fallback: 'all clients',
    stricter: (one: Ranges, other: Ranges): Ranges => (one && other ? intersectRanges(one, other) : (one ?? other)),
    onMistake: 'refuse',
    description: 'Clients that may connect, such as `10.0.0.0/8, fd00::/8, 127.0.0.1`.',
  },
  deny: {
    ...cidrs,
    list: true,
    field: 'deny',
    default: defaultPool.deny,
    fallback: 'no clients',
    stricter: uniteRanges,
    onMistake: 'refuse',
    description: 'Clients that may not connect, even if `allow` names them.',
  },
  'max-connections.service': {
    ...wholeNumber(1, 1_000_000),
    field: 'maxSessions',
    stricter: lower,
    fallback: 'no limit',
    onMistake: 'refuse',
    description: 'The most sessions of the whole service at once.',
  },
  'max-connections.client': {
    ...wholeNumber(1, 1_000_000),
    field: 'maxSessionsPerClient',
    stricter: lower,
    fallback: 'no limit',
    onMistake: 'refuse',
    description: 'The most sessions of one client address with the service at once.',
  },
  'connection-rate.client': {
    ...perSecond,
    // The burst is as large as the rate, because a browser opens about six connections at once.
    schema: perSecond.schema.transform((rate) => ({ perSecond: rate, burst: rate })),
    field: 'connectRatePerClient',
    stricter: (one: Rate, other: Rate): Rate =>
      one && other ? (one.perSecond < other.perSecond ? one : other) : (one ?? other),
    fallback: 'no limit',
    onMistake: 'refuse',
    description: 'The most new connections per second of one client address to the service; as many may come at once.',
  },
  'tls.alpn': {
    schema: alpnSchema,
    list: true,
    value: 'protocols, or `off`',
    show: String,
    field: 'alpn',
    default: defaultPool.alpn,
    onMistake: 'fallback',
    description:
      'Where Sealane terminates TLS: the application protocols that it negotiates with clients (ALPN), best first. List `h2` if the upstream speaks HTTP/2 without TLS: bytes are relayed unchanged.',
  },
  'tls.upstream': {
    schema: upstreamTlsSchema,
    value: '`off`, `any`, or a name',
    field: 'upstreamTls',
    fallback: '`off`',
    onMistake: 'refuse',
    description:
      'Speaks TLS with the upstream, whose certificate must be valid for this name (settings `upstream-ca`, `upstream-cert`); `any` accepts every certificate.',
  },
} as const satisfies OptionTable<keyof PoolOptions>;
