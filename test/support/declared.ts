import type { CatalogInput } from '../../src/catalog/catalog.ts';
import type { Declaration, DeclaredUpstream, RouteMatch } from '../../src/catalog/declaration.ts';
import type { PoolOptions } from '../../src/relay/boundary/table.ts';
import { matchOf, poolOf, upstreamOf } from '../../src/discovery/options.ts';

/** A declared upstream. `over` names only what the test is about; `name` is the key, too. */
export function declaredUpstream(name: string, over: Partial<DeclaredUpstream> = {}): DeclaredUpstream {
  return {
    key: name,
    run: { id: name, startedAtNs: 1n },
    name,
    endpoints: [{ host: '10.0.0.1', port: 80 }],
    ...upstreamOf({}),
    health: { kind: 'none' },
    condition: { kind: 'running', health: 'none' },
    drainMs: 0,
    ...over,
  };
}

/** The options of a route that declares none. */
export const plainPool: PoolOptions = poolOf({});
export const plainMatch: RouteMatch = matchOf({});

export interface DeclarationOver {
  readonly service?: string;
  readonly host?: string;
  readonly port?: number;
  readonly match?: Partial<RouteMatch>;
  readonly created?: number;
  readonly holdMs?: number;
  readonly run?: bigint;
  readonly paused?: boolean;
  readonly drainMs?: number;
  readonly pool?: Partial<PoolOptions>;
  readonly project?: string;
}

/** The declaration of one route of a container of this name, on 127.0.0.1:80 for the service `api`. */
export function declaration(name: string, over: DeclarationOver = {}): Declaration {
  const { service = 'api', host = '127.0.0.1', port = 80, created = 1, holdMs = 10_000, run = 1n } = over;
  return {
    service,
    listen: { host, port },
    match: { ...plainMatch, ...over.match },
    pool: { ...plainPool, holdMs, ...over.pool },
    upstream: declaredUpstream(name, {
      key: `${name}@${run}/x`,
      run: { id: name, startedAtNs: run },
      condition: over.paused ? { kind: 'paused' } : { kind: 'running', health: 'none' },
      drainMs: over.drainMs ?? 5_000,
    }),
    declaredBy: { kind: 'container', id: name, name, createdAtMs: created, project: over.project, route: '' },
  };
}

/** The input of a catalog, in which the containers of all declarations are alive. */
export function world(
  declarations: readonly Declaration[],
  alive: readonly string[] = declarations.map((one) => one.upstream?.name ?? ''),
): CatalogInput {
  return {
    declarations,
    problems: [],
    isAlive: ({ id }) => alive.includes(id),
    verdictOf: () => undefined,
    listeners: new Map(),
  };
}
