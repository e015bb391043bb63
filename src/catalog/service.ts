import type { ServiceIntent } from './merge.ts';
import type { Route } from './route.ts';
import type { ServiceUpstream } from './upstream.ts';

/**
 * A service of the catalog: what was declared of it, together with how its listeners and upstreams are at the moment.
 */
export interface ServiceRoute extends Route {
  /** The port on which clients are accepted now; undefined while the listener is not bound. */
  readonly openPort: number | undefined;
}

export interface Service extends Pick<ServiceIntent, 'name' | 'pool' | 'declarers'> {
  /** What was declared of it last. */
  readonly intent: ServiceIntent;
  readonly routes: readonly ServiceRoute[];
  readonly upstreams: readonly ServiceUpstream[];
  /** Set while no container declares it any more: its port stays open so long, for a container that comes back. */
  readonly lingersUntilMs: number | undefined;
}
