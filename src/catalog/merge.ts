import { settleClaims, type Claims, type Seniority } from './claims.ts';
import { decidePool, disagreement } from './consensus.ts';
import type { PoolOptions } from '../relay/boundary/table.ts';
import type { Declaration, DeclaredUpstream, Declarer } from './declaration.ts';
import type { Problem } from './problem.ts';
import { denyDisputed } from './proxies.ts';
import { compareDeclarations, routesOf, withoutSelectors, type Route, type Selector } from './route.ts';

/**
 * Merges declarations into services and settles which service gets which address. Pure, and independent of the order of
 * its input.
 */
/** The declared state of one service, regardless of its previous state. */
export interface ServiceIntent {
  readonly name: string;
  readonly routes: readonly Route[];
  readonly pool: PoolOptions;
  readonly upstreams: readonly DeclaredUpstream[];
  /** Oldest first; never empty. */
  readonly declarers: readonly Declarer[];
}

export interface Merged {
  readonly services: readonly ServiceIntent[];
  readonly problems: readonly Problem[];
  /** The selectors that services claimed but do not get, also those of services that linger. */
  readonly lost: ReadonlySet<Selector>;
  readonly seniority: Seniority;
}

/** What earlier declarations left behind, of those that compose projects made. */
export interface Heritage {
  readonly seniority: Seniority;
  /** The claims of services that linger. */
  readonly lingering: readonly Claims[];
}

const noHeritage: Heritage = { seniority: new Map(), lingering: [] };

/** One service's declarations and the result of merging them; valid while the declarations are the same objects. */
interface Draft {
  readonly group: readonly Declaration[];
  readonly intent: ServiceIntent;
  readonly claims: Claims;
  readonly problems: readonly Problem[];
}

/**
 * A merger remembers each service's draft. Mostly one of five thousand containers has changed, and the intents of all
 * other services stay the same objects.
 */
export function createMerger(): (declarations: readonly Declaration[], heritage?: Heritage) => Merged {
  let drafts = new Map<string, Draft>();
  const reduce = createReducer();
  return (declarations, heritage = noHeritage) => {
    const next = new Map<string, Draft>();
    for (const [name, group] of Map.groupBy(declarations, (one) => one.service)) {
      const known = drafts.get(name);
      next.set(name, known && isSameList(known.group, group) ? known : draft(name, group));
    }
    drafts = next;
    return settle(
      [...next.values()].toSorted((a, b) => (a.intent.name < b.intent.name ? -1 : 1)),
      reduce,
      heritage,
    );
  };
}

export function mergeDeclarations(declarations: readonly Declaration[], heritage?: Heritage): Merged {
  return createMerger()(declarations, heritage);
}

function draft(name: string, unsorted: readonly Declaration[]): Draft {
  const group = unsorted.toSorted(compareDeclarations);
  const { routes, owners, differences, disputedProxies } = routesOf(group);
  const decided = decidePool(group);
  const upstreams = uniqueUpstreams(group);
  return {
    group: unsorted,
    claims: { service: name, routes, owners, sleeps: upstreams.some(({ sleep }) => sleep !== undefined) },
    problems: disagreement(name, [...decided.differences, ...differences]),
    intent: {
      name,
      routes,
      pool: denyDisputed(decided.pool, disputedProxies),
      upstreams,
      declarers: [...new Set(group.map((one) => one.declaredBy))],
    },
  };
}

function settle(drafts: readonly Draft[], reduce: Reducer, heritage: Heritage): Merged {
  const declared = drafts.map(({ claims }) => claims);
  const { lost, problems, seniority } = settleClaims([...declared, ...heritage.lingering], heritage.seniority);
  return {
    services: drafts.map(({ intent }) => (lost.size > 0 ? reduce(intent, lost) : intent)),
    problems: [...drafts.flatMap((one) => one.problems), ...problems],
    lost,
    seniority,
  };
}

type Reducer = (intent: ServiceIntent, lost: ReadonlySet<Selector>) => ServiceIntent;

/** A reducer returns the same object for a service that loses the same selectors again. */
function createReducer(): Reducer {
  const memo = new WeakMap<ServiceIntent, { readonly left: readonly Selector[]; readonly reduced: ServiceIntent }>();
  return (intent, lost) => {
    const all = intent.routes.flatMap((route) => route.selectors);
    const left = all.filter((selector) => !lost.has(selector));
    if (left.length === all.length) return intent;
    const known = memo.get(intent);
    if (known && isSameList(known.left, left)) return known.reduced;
    const reduced = { ...intent, routes: withoutSelectors(intent.routes, (_route, selector) => lost.has(selector)) };
    memo.set(intent, { left, reduced });
    return reduced;
  };
}

function isSameList(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((one, index) => one === b[index]);
}

function uniqueUpstreams(group: readonly Declaration[]): DeclaredUpstream[] {
  const upstreams = new Map<string, DeclaredUpstream>();
  for (const { upstream } of group) if (upstream && !upstreams.has(upstream.key)) upstreams.set(upstream.key, upstream);
  return [...upstreams.values()];
}
