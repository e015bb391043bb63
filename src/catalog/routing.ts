import { defaultPool } from '../relay/boundary/table.ts';
import type { PoolSpec, RoutingTable, UpstreamAvailability, UpstreamSpec } from '../relay/boundary/table.ts';
import type { Catalog } from './catalog.ts';
import type { Service } from './service.ts';
import { createListenerWriter } from './listeners.ts';
import { withoutStandIns } from './swap/stand-in.ts';
import { endpointsOf, type ServiceUpstream, type UpstreamState } from './upstream.ts';

/**
 * Writes the routing table of a catalog. Pure.
 */
export interface TableRules {
  /** How many clients of one service may wait at once. */
  readonly maxHeld: number;
  /** Whether the page for an unknown name lists the known names. */
  readonly explainNames: boolean;
}

/**
 * A writer remembers each service's pool: a service that stays the same object has the same pool object in every table,
 * which is how the relay knows that nothing about it changed. It does the same for listeners.
 */
export function createTableWriter(rules: TableRules): (catalog: Catalog, version: number) => RoutingTable {
  const memo = new WeakMap<Service, PoolSpec>();
  const writeListeners = createListenerWriter(rules.explainNames);
  return ({ services }, version) => {
    const pools: PoolSpec[] = [];
    for (const service of services.values()) {
      const pool = memo.get(service) ?? toPool(service, rules.maxHeld);
      memo.set(service, pool);
      pools.push(pool);
    }
    return { version, listeners: writeListeners(services.values()), pools };
  };
}

/** The default hold of a service that sleeps: a container may take longer to start than to restart. */
const wakeHoldMs = 60_000;

function toPool({ name, pool, upstreams, standIn }: Service, maxHeld: number): PoolSpec {
  const sleeps = upstreams.some(({ declared }) => declared.sleep !== undefined);
  return {
    service: name,
    ...pool,
    ...(sleeps && standIn?.strict !== true && sleepOf(pool.holdMs, withoutStandIns(upstreams))),
    maxHeld,
    upstreams: upstreams.filter(isInTable).map((one) => {
      const spec = toSpec(one);
      const isKeptOut = standIn?.strict === true && spec.key !== standIn.upstream.key;
      return isKeptOut ? { ...spec, availability: 'unavailable' } : spec;
    }),
  };
}

function sleepOf(
  holdMs: number,
  upstreams: readonly ServiceUpstream[],
): Pick<PoolSpec, 'holdMs' | 'wakes' | 'wakeFailure'> {
  const sleepers = upstreams.filter(({ state }) => state.kind === 'asleep');
  const failures = sleepers.flatMap(({ declared, state }) =>
    state.kind === 'asleep' && state.failure !== undefined ? [`${declared.name}: ${state.failure}`] : [],
  );
  const hasFailed = failures.length === upstreams.length;
  return {
    holdMs: holdMs === defaultPool.holdMs ? wakeHoldMs : holdMs,
    ...(sleepers.length > 0 && { wakes: true }),
    ...(hasFailed && { wakeFailure: failures[0] }),
  };
}

/**
 * An upstream leaves the table when its drain is over, so that the relay closes its remaining sessions. A stopped container
 * has no address.
 */
function isInTable({ declared: { condition }, state }: ServiceUpstream): boolean {
  if (condition.kind === 'asleep' && condition.how === 'stopped') return false;
  return state.kind !== 'draining' || !state.over;
}

function toSpec(upstream: ServiceUpstream): UpstreamSpec {
  const { declared, state, weight } = upstream;
  const {
    run: _run,
    task: _task,
    node: _node,
    health: _health,
    sleep: _sleep,
    silentAdvice: _silentAdvice,
    published: _published,
    condition: _condition,
    drainMs: _drainMs,
    ...spec
  } = declared;
  return { ...spec, endpoints: endpointsOf(upstream), weight, availability: availabilityOf(state) };
}

function availabilityOf(state: UpstreamState): UpstreamAvailability {
  if (state.kind === 'ready') return 'ready';
  return state.kind === 'unhealthy' && state.suspect ? 'suspect' : 'unavailable';
}
