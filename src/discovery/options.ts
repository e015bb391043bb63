import type { HealthPlan, RouteMatch } from '../catalog/declaration.ts';
import { healthOptions } from '../config/options/health.ts';
import { matchOptions } from '../config/options/match.ts';
import { land } from '../config/options/option.ts';
import { poolOptions } from '../config/options/pool.ts';
import type { RouteValues } from '../config/options/route-options.ts';
import { upstreamOptions } from '../config/options/upstream.ts';
import type { Name, PoolOptions, UpstreamOptions } from '../relay/boundary/table.ts';

/**
 * From a route's options, wherever they were written, to what is declared. Pure. Most options land on a field as they are.
 */
export function poolOf(values: RouteValues): PoolOptions {
  const { rebalanceIdleMs, ...pool } = land(poolOptions, values);
  return { ...pool, rebalanceIdleMs: rebalanceIdleMs && (values['rebalance.idle'] ?? rebalanceIdleMs) };
}

export function matchOf(values: RouteValues): RouteMatch {
  const names = (kind: Name['kind']): readonly Name[] => values[kind]?.map((pattern) => ({ kind, pattern })) ?? [];
  return { ...land(matchOptions, values), names: [...names('sni'), ...names('host')] };
}

export function upstreamOf(values: RouteValues): UpstreamOptions {
  return land(upstreamOptions, values);
}

/** `byDefault` holds where the options ask for nothing, and where they ask for a HEALTHCHECK that is not there. */
export function healthPlan(values: RouteValues, hasHealthcheck: boolean, byDefault: 'none' | 'readiness'): HealthPlan {
  const { health } = values;
  const schedule = land(healthOptions, values);
  switch (health?.kind) {
    case 'none':
      return { kind: 'none' };
    case 'tcp':
      return { kind: 'tcp', ...schedule };
    case 'http': {
      const { proxyProtocol, upstreamTls } = poolOf(values);
      const tls = upstreamTls && { tlsServerName: upstreamTls.serverName };
      return { kind: 'http', path: health.path, proxyProtocol, ...tls, ...schedule };
    }
    case 'docker':
    case undefined:
      return { kind: hasHealthcheck ? 'docker' : byDefault };
  }
}
