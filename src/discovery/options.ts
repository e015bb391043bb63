import type { Declaration, DeclaredUpstream, HealthPlan } from '../catalog/declaration.ts';
import { checkDefaults, poolDefaults, type RouteValues } from '../config/route-options.ts';

/**
 * From a route's options, wherever they were written, to what is declared. Pure.
 */
export function poolOptions(values: RouteValues): Declaration['pool'] {
  return {
    balance: values.balance ?? poolDefaults.balance,
    holdMs: values.hold ?? poolDefaults.holdMs,
    connectTimeoutMs: values['connect-timeout'] ?? poolDefaults.connectTimeoutMs,
    idleTimeoutMs: values['idle-timeout'] ?? poolDefaults.idleTimeoutMs,
    rebalanceIdleMs:
      values.rebalance === 'idle' ? (values['rebalance.idle'] ?? poolDefaults.rebalanceIdleMs) : undefined,
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
      return { kind: 'http', path: health.path, ...schedule };
    case 'docker':
    case undefined:
      return { kind: hasHealthcheck ? 'docker' : byDefault };
  }
}
