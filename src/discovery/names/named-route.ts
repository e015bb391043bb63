import type { Name } from '../../relay/boundary/table.ts';
import type { RouteMatch } from '../../catalog/declaration.ts';
import type { EngineTag } from '../../catalog/container-name.ts';
import type { NamesRules } from '../../config/names/settings.ts';
import { projectOf, serviceOf } from '../../docker/creator.ts';
import type { ContainerFacts } from '../../docker/facts.ts';
import type { LabelledRoute } from '../labels.ts';
import { nameOfRoute, type NameIdentity } from './name-of.ts';
import { maySpeakHttp, type WebPort } from './web-port.ts';

/**
 * Decides which routes are served under a name on the shared addresses, instead of on a port of their own. Pure.
 */
export interface Nameable {
  /** The image, where it is known. */
  readonly image: string | undefined;
  /** The port that is chosen where no label names one. */
  readonly webPort: WebPort;
  readonly identity: (route: LabelledRoute) => NameIdentity;
}

export interface NamedRoute {
  readonly port: number;
  readonly names: readonly Name[];
  /** Why this port, where no label names it. */
  readonly because?: string;
}

/** Undefined for a route that says otherwise how clients reach it, or whose clients speak no HTTP. */
export function asNamed(
  route: LabelledRoute,
  { image, webPort, identity }: Nameable,
  { template }: NamesRules,
): NamedRoute | undefined {
  const { listen, sni, tls, protocol, host, health, port } = route.values;
  if (listen || sni || tls === 'terminate' || protocol === 'postgres') return undefined;
  const isHttp = host !== undefined || health?.kind === 'http';
  if (port !== undefined && !isHttp && !maySpeakHttp(port, { image })) return undefined;
  if (port === undefined && webPort.kind === 'none') return undefined;
  const patterns = host ?? [nameOfRoute(template, identity(route))];
  const names = patterns.map((pattern): Name => ({ kind: 'host', pattern }));
  if (port !== undefined) return { port, names };
  return webPort.kind === 'found' ? { port: webPort.port, names, because: webPort.because } : undefined;
}

/** Which clients a route with these names gets on each of the addresses where names are served, in their order. */
export function matchesOn({ listen }: NamesRules, match: RouteMatch, names: readonly Name[]): readonly RouteMatch[] {
  return listen.map(({ tls }) => ({ ...match, names, tls: tls ? 'terminate' : match.tls }));
}

/** What the template is filled with: the service that the route is of, in the words of its compose file or stack. */
export function identityOf(
  { name, labels }: Pick<ContainerFacts, 'name' | 'labels'>,
  route: LabelledRoute,
  { engine = '' }: EngineTag,
): NameIdentity {
  const { pool } = route.values;
  const whole = pool ?? serviceOf(labels) ?? '';
  const slash = whole.lastIndexOf('/');
  return {
    service: whole.slice(slash + 1) || name,
    project: slash < 0 ? (projectOf(labels) ?? '') : whole.slice(0, slash),
    container: name,
    engine,
    // All routes of a pool lead to one service.
    route: pool === undefined ? (route.name ?? '') : '',
  };
}
