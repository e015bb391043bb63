import type { HealthPlan, RouteMatch, SleepPlan } from '../catalog/declaration.ts';
import type { EngineAction } from '../config/engine-actions.ts';
import { healthOptions } from '../config/options/health.ts';
import { matchOptions } from '../config/options/match.ts';
import { land } from '../config/options/option.ts';
import { sleepOptions } from '../config/options/sleep.ts';
import { poolOptions } from '../config/options/pool.ts';
import type { RouteValues } from '../config/options/route-options.ts';
import { upstreamOptions } from '../config/options/upstream.ts';
import { missingActions } from '../docker/engine-actions.ts';
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
 * Undefined for a container that never sleeps, and where the engine may not be asked for what that needs. `actions`: what it
 * may be asked; undefined where that is not known.
 */
export function sleepPlan(values: RouteValues, actions: ReadonlySet<EngineAction> | undefined): SleepPlan | undefined {
  const { sleep: afterMs, 'sleep.mode': mode = sleepOptions['sleep.mode'].default, 'sleep.with': beside } = values;
  if (afterMs === undefined || actionsMissing(values, actions).length > 0) return undefined;
  return { afterMs, mode, ...(beside && { with: beside }) };
}

/** What the labels need of the engine, and it may not be asked for. */
export function actionsMissing(
  { sleep, 'sleep.mode': mode }: RouteValues,
  actions: ReadonlySet<EngineAction> | undefined,
): readonly EngineAction[] {
  if (sleep === undefined || !actions) return [];
  return missingActions(actions, mode === 'pause' ? ['start', 'pause'] : ['start', 'stop']);
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
