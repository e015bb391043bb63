import type { DeclaredUpstream, Front, HealthPlan, PoolOptions } from '../catalog/declaration.ts';
import { checkDefaults, poolDefaults, type RouteValues } from '../config/route-options.ts';
import { defaultAlpn, type ProxyProtocol, type UpstreamTls } from '../relay/boundary/table.ts';

/**
 * From a route's options, wherever they were written, to what is declared. Pure.
 */
export function poolOptions(values: RouteValues): PoolOptions {
  const rate = values['connection-rate.client'];
  const tls = upstreamTls(values);
  return {
    balance: values.balance ?? poolDefaults.balance,
    holdMs: values.hold ?? poolDefaults.holdMs,
    connectTimeoutMs: values['connect-timeout'] ?? poolDefaults.connectTimeoutMs,
    idleTimeoutMs: values['idle-timeout'] ?? poolDefaults.idleTimeoutMs,
    rebalanceIdleMs:
      values.rebalance === 'idle' ? (values['rebalance.idle'] ?? poolDefaults.rebalanceIdleMs) : undefined,
    proxyProtocol: proxyProtocol(values),
    allow: values.allow ?? [],
    deny: values.deny ?? [],
    maxSessions: values['max-connections.service'],
    maxSessionsPerClient: values['max-connections.client'],
    // A browser opens half a dozen at once: what may come within a second may come at the start of it.
    connectRatePerClient: rate === undefined ? undefined : { perSecond: rate, burst: rate },
    alpn: values['tls.alpn'] ?? defaultAlpn,
    ...(tls && { upstreamTls: tls }),
  };
}

function upstreamTls(values: RouteValues): UpstreamTls | undefined {
  const wanted = values['tls.upstream'];
  return wanted === 'off' ? undefined : wanted;
}

function proxyProtocol(values: RouteValues): ProxyProtocol | undefined {
  const version = values['proxy-protocol'];
  return version === 'off' ? undefined : version;
}

export function front(values: RouteValues): Front {
  const names = (kind: 'host' | 'sni'): Front['names'] => values[kind]?.map((pattern) => ({ kind, pattern })) ?? [];
  return {
    names: [...names('sni'), ...names('host')],
    tls: values.tls ?? 'passthrough',
    acceptProxy: values['accept-proxy'] ?? [],
    sniffTimeoutMs: values['sniff-timeout'],
  };
}

export function upstreamOptions(
  values: RouteValues,
): Pick<DeclaredUpstream, 'backup' | 'maxConnections' | 'slowStartMs'> {
  return {
    backup: values.backup ?? false,
    maxConnections: values['max-connections'],
    slowStartMs: values['slow-start'] ?? 0,
  };
}

/** `byDefault` holds where the options ask for nothing, and where they ask for a HEALTHCHECK that is not there. */
export function healthPlan(values: RouteValues, hasHealthcheck: boolean, byDefault: 'none' | 'readiness'): HealthPlan {
  const { health } = values;
  const tls = upstreamTls(values);
  const schedule = {
    intervalMs: values['health.interval'] ?? checkDefaults.intervalMs,
    timeoutMs: values['health.timeout'] ?? checkDefaults.timeoutMs,
    rise: values['health.rise'] ?? checkDefaults.rise,
    fall: values['health.fall'] ?? checkDefaults.fall,
  };
  switch (health?.kind) {
    case 'none':
      return { kind: 'none' };
    case 'tcp':
      return { kind: 'tcp', ...schedule };
    case 'http':
      return {
        kind: 'http',
        path: health.path,
        proxyProtocol: proxyProtocol(values),
        ...(tls && { tlsServerName: tls.serverName }),
        ...schedule,
      };
    case 'docker':
    case undefined:
      return { kind: hasHealthcheck ? 'docker' : byDefault };
  }
}
