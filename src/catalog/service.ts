import type { ServiceIntent } from './merge.ts';
import type { Route } from './route.ts';
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
}
