import type { ServiceIntent } from './merge.ts';
import type { Route } from './route.ts';
import type { StandIn } from './swap/stand-in.ts';
import type { ServiceUpstream } from './upstream.ts';

/**
 * A service of the catalog: its declared state, with the current state of its listeners and upstreams.
 */
export interface ServiceRoute extends Route {
  /** The port on which clients are accepted; undefined while the listener is not bound. */
  readonly openPort: number | undefined;
}

export interface Service extends Pick<ServiceIntent, 'name' | 'pool' | 'declarers'> {
  /** The last declared state. */
  readonly intent: ServiceIntent;
  readonly routes: readonly ServiceRoute[];
  readonly upstreams: readonly ServiceUpstream[];
  /** Set once the service is no longer declared: until then its port stays open, for a container that may return. */
  readonly lingersUntilMs: number | undefined;
  /** Absent where none takes the place of its upstreams. */
  readonly standIn?: StandIn | undefined;
}

/**
 * Finds the upstreams that another service declares now, by key: the same process at the same port, whose container was
 * renamed, for example. They keep their state, and the relay moves their sessions. Pure.
 */
export function movedUpstreams(
  previous: ReadonlyMap<string, Service>,
  intents: readonly ServiceIntent[],
): ReadonlyMap<string, ServiceUpstream> {
  const changed = intents.filter((intent) => {
    const before = previous.get(intent.name);
    // Upstreams beyond the declared ones are draining.
    return before?.intent !== intent || before.upstreams.length !== intent.upstreams.length;
  });
  const left = upstreamsThatLeft(previous, intents, changed);
  const moved = new Map<string, ServiceUpstream>();
  if (left.size === 0) return moved;
  for (const { name, upstreams } of changed) {
    const own = new Set(previous.get(name)?.upstreams.map(({ declared }) => declared.key));
    for (const { key } of upstreams) {
      const upstream = left.get(key);
      if (upstream && !own.has(key)) moved.set(key, upstream);
    }
  }
  return moved;
}

function upstreamsThatLeft(
  previous: ReadonlyMap<string, Service>,
  intents: readonly ServiceIntent[],
  changed: readonly ServiceIntent[],
): Map<string, ServiceUpstream> {
  const left = new Map<string, ServiceUpstream>();
  for (const { name, upstreams } of changed) {
    const declared = new Set(upstreams.map(({ key }) => key));
    for (const one of previous.get(name)?.upstreams ?? [])
      if (!declared.has(one.declared.key)) left.set(one.declared.key, one);
  }
  const present = new Set(intents.map(({ name }) => name));
  for (const { name, upstreams } of previous.values())
    if (!present.has(name)) for (const one of upstreams) left.set(one.declared.key, one);
  return left;
}
