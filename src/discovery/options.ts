import type { HealthPlan, RouteMatch } from '../catalog/declaration.ts';
import { healthOptions } from '../config/options/health.ts';
import { matchOptions } from '../config/options/match.ts';
import { land } from '../config/options/option.ts';
import { poolOptions } from '../config/options/pool.ts';
import type { RouteValues } from '../config/options/route-options.ts';
import { upstreamOptions } from '../config/options/upstream.ts';
import type { Name, PoolOptions, UpstreamOptions } from '../relay/boundary/table.ts';

/**
 * Turns a route's options from labels or the configuration file into the parts of a declaration. Pure. Most options are
 * copied to a field unchanged.
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

/**
 * `byDefault` applies without a health option, and if the option asks for a HEALTHCHECK that the container does not
 * have.
 */
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
