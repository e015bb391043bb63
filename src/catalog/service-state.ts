import type { Service } from './service.ts';
import { describeSilentSwap, describeSwap, withoutStandIns } from './swap/stand-in.ts';
import { inNaturalOrder } from './upstream.ts';

/**
 * The state of a service in one word and one line, for lists of services; `explain` has the details. Pure.
 */
export const serviceStates = ['up', 'degraded', 'down'] as const;

interface ServiceState {
  readonly kind: (typeof serviceStates)[number];
  readonly reason: string;
}

export function stateOf({ standIn, ...service }: Service, problems: number): ServiceState {
  const { routes, lingersUntilMs } = service;
  const open = routes.filter((route) => route.openPort !== undefined).length;
  if (standIn && open > 0) return stateOfSwapped({ ...service, standIn }, problems);
  // A stand-in that was given back drains, which is no lack of the service's.
  const upstreams = withoutStandIns(service.upstreams);
  const ready = upstreams.filter(({ state, weight }) => state.kind === 'ready' && weight > 0).length;
  if (open === 0) return { kind: 'down', reason: 'none of its ports is open' };
  const asleep = upstreams.filter(({ state }) => state.kind === 'asleep' && state.failure === undefined);
  if (ready === 0 && asleep.length > 0 && asleep.length === upstreams.length)
    return { kind: 'up', reason: 'it is asleep; the next client wakes it' };
  if (ready === 0) return { kind: 'down', reason: whyNoneIsReady({ ...service, upstreams }) };
  const unready = inNaturalOrder(upstreams).find((one) => one.state.kind !== 'ready' && !asleep.includes(one));
  if (unready) {
    const { declared, state } = unready;
    return {
      kind: 'degraded',
      reason: `${ready} of ${upstreams.length} ready; ${declared.name} is ${state.kind}: ${state.reason}`,
    };
  }
  if (open < routes.length) return { kind: 'degraded', reason: `${open} of ${routes.length} ports are open` };
  if (lingersUntilMs !== undefined) return { kind: 'degraded', reason: 'nothing declares it any more' };
  if (problems > 0)
    return { kind: 'degraded', reason: problems === 1 ? 'there is a problem' : `there are ${problems} problems` };
  if (asleep.length > 0) return { kind: 'up', reason: `${ready} ready, and ${asleep.length} asleep` };
  return { kind: 'up', reason: ready === 1 ? '1 upstream is ready' : `all ${ready} upstreams are ready` };
}

/** The state of a service that a stand-in serves, or part of it; its own upstreams are the rest, or the fallback. */
function stateOfSwapped({ standIn, ...service }: Service, problems: number): ServiceState {
  const own = stateOf(service, problems);
  const upstream = service.upstreams.find(({ declared }) => declared === standIn?.upstream);
  if (!standIn || !upstream) return own;
  if (upstream.state.kind === 'ready' && upstream.weight > 0) {
    const reason = describeSwap(standIn);
    if (standIn.percent === 100) return { kind: problems > 0 ? 'degraded' : 'up', reason };
    return { kind: own.kind === 'up' ? 'up' : 'degraded', reason: `${reason}; of the others: ${own.reason}` };
  }
  const reason = describeSilentSwap(standIn, upstream);
  if (standIn.strict) return { kind: 'down', reason };
  return { kind: own.kind === 'down' ? 'down' : 'degraded', reason: `${reason}: ${own.reason}` };
}

function whyNoneIsReady({ upstreams, lingersUntilMs }: Service): string {
  const [first] = inNaturalOrder(upstreams);
  if (!first)
    return lingersUntilMs === undefined
      ? 'none of its containers can be reached'
      : 'no container is left; clients wait';
  const { declared, state } = first;
  const others = upstreams.length > 1 ? `none of ${upstreams.length} ready; ` : '';
  const weightless = state.kind === 'ready' ? 'has weight 0' : `is ${state.kind}: ${state.reason}`;
  return `${others}${declared.name} ${weightless}`;
}
