import { covers, overlap } from '../address/address.ts';
import { bySeniority, nameOf, type Declarer } from './declaration.ts';
import type { Problem } from './problem.ts';
import { listed } from '../text/listed.ts';
import { agree, describeSelector, selectorKey, selectorName, type Owners, type Route, type Selector } from './route.ts';

/**
 * Settles which service gets which listen address and name. The more senior claim wins; the other becomes a problem
 * that names the holder and a fix. Pure, and independent of the order of its input.
 */
export interface Claims {
  readonly service: string;
  readonly routes: readonly Route[];
  readonly owners: Owners;
  /** The service is no longer declared, and its names are kept for its project while its clients are held. */
  readonly lingers?: true;
  /** It has its addresses also while its containers are asleep. */
  readonly sleeps?: boolean;
}

/**
 * The most senior declarer of each name that was contested lately, by compose project, address and name. With it a
 * project keeps its names when its containers are recreated: those of a service that waits for a name are older then.
 */
export type Seniority = ReadonlyMap<string, Declarer>;

interface Settlement {
  /** The selectors that services claimed but do not get. */
  readonly lost: ReadonlySet<Selector>;
  readonly problems: readonly Problem[];
  /** Has the names that are contested now. */
  readonly seniority: Seniority;
}

interface Claim {
  readonly service: string;
  readonly declarer: Declarer;
  /** The declarer whose seniority counts: an earlier one of the same project, or `declarer`. */
  readonly senior: Declarer;
  readonly lingers: boolean;
  readonly sleeps: boolean;
  readonly route: Route;
  readonly selector: Selector;
}

/** The claims that hold a listen address, by selector. */
interface Held {
  readonly first: Claim;
  readonly bySelector: Map<string, Claim>;
}

export function settleClaims(all: readonly Claims[], earlier: Seniority): Settlement {
  const lost = new Set<Selector>();
  const seniority = new Map<string, Declarer>();
  const conflicts: Conflict[] = [];
  for (const claims of byPort(all, withLingering(all, earlier))) {
    const held = new Map<string, Held>();
    // Most ports have only one claim, which needs no settling.
    for (const claim of claims.length > 1 ? claims.toSorted(compareClaims) : []) {
      const rival = rivalOf(claim, held);
      if (!rival) continue;
      lost.add(claim.selector);
      const key = seniorityKey(rival.claim);
      if (key !== undefined && rival.claim.service !== claim.service) seniority.set(key, rival.claim.senior);
      // Another service has all clients of the address: a label or the file asks for that.
      const isIndex = claim.declarer.kind === 'index';
      const { over, claim: holder } = rival;
      if (over && !claim.lingers && !isIndex) conflicts.push({ claim, holder, over });
    }
  }
  return { lost, problems: problemsOf(conflicts), seniority };
}

/** A service that wants on several addresses what another has there has one problem. */
function problemsOf(conflicts: readonly Conflict[]): Problem[] {
  const groups = Map.groupBy(conflicts, ({ claim, holder, over }) => {
    const where = {
      address: `${claim.route.listen} ${holder.route.listen}`,
      name: selectorName(claim.selector),
      beginning: '',
    }[over];
    return JSON.stringify([
      claim.service,
      nameOf(claim.declarer),
      holder.service,
      nameOf(holder.declarer),
      over,
      where,
    ]);
  });
  return [...groups.values()].flatMap((group) => {
    const sorted = group.toSorted((a, b) => a.claim.route.port - b.claim.route.port);
    const [first] = sorted;
    if (!first) return [];
    const listens = [...new Set(sorted.map(({ claim }) => claim.route.listen))];
    return makeProblem[first.over](first.claim, first.holder, listed(listens));
  });
}

function seniorityKey({
  declarer,
  route,
  selector,
}: Pick<Claim, 'declarer' | 'route' | 'selector'>): string | undefined {
  if (declarer.kind !== 'container' || declarer.project === undefined) return undefined;
  return `${declarer.project}\0${route.listen}\0${selectorKey(selector)}`;
}

/** The services of a project inherit the seniority of one that lingers. */
function withLingering(all: readonly Claims[], earlier: Seniority): Seniority {
  const lingering = all.filter(({ lingers }) => lingers);
  if (lingering.length === 0) return earlier;
  const seniority = new Map(earlier);
  for (const { routes, owners } of lingering) {
    for (const route of routes) {
      for (const selector of route.selectors) {
        const declarer = owners.get(selector);
        const key = declarer && seniorityKey({ declarer, route, selector });
        if (!declarer || key === undefined) continue;
        const before = seniority.get(key);
        if (!before || bySeniority(declarer, before) < 0) seniority.set(key, declarer);
      }
    }
  }
  return seniority;
}

function byPort(all: readonly Claims[], earlier: Seniority): Iterable<Claim[]> {
  const ports = new Map<number, Claim[]>();
  for (const { service, routes, owners, lingers = false, sleeps = false } of all) {
    for (const route of routes) {
      let claims = ports.get(route.port);
      if (!claims) ports.set(route.port, (claims = []));
      for (const selector of route.selectors) {
        const declarer = owners.get(selector);
        if (!declarer) continue;
        // Mostly no name was contested, and none of the keys is needed.
        const before = earlier.size === 0 ? undefined : earlier.get(seniorityKey({ declarer, route, selector }) ?? '');
        const senior = before && bySeniority(before, declarer) < 0 ? before : declarer;
        claims.push({ service, declarer, senior, lingers, sleeps, route, selector });
      }
    }
  }
  return ports.values();
}

function compareClaims(a: Claim, b: Claim): number {
  const order = bySeniority(a.senior, b.senior);
  if (order !== 0) return order;
  // Within a project, a service that is declared gets the name of one that lingers.
  if (a.lingers !== b.lingers) return a.lingers ? 1 : -1;
  const own = bySeniority(a.declarer, b.declarer);
  if (own !== 0) return own;
  if (a.service !== b.service) return a.service < b.service ? -1 : 1;
  // A wide address of a service goes before the narrow ones that its socket serves as well.
  if (a.route !== b.route && overlap(a.route, b.route)) return covers(a.route, b.route) ? -1 : 1;
  const [one, other] = [a, b].map(({ route, selector }) => describeSelector(route.listen, selector));
  return String(one) < String(other) ? -1 : 1;
}

interface Rival {
  readonly claim: Claim;
  /** Undefined for an address of a service whose clients another socket of that service accepts: nothing is lost. */
  readonly over: Contested | undefined;
}

/** What two services can't both have: an address, a name there, or clients that begin in another way there. */
type Contested = 'address' | 'name' | 'beginning';

interface Conflict {
  readonly claim: Claim;
  readonly holder: Claim;
  readonly over: Contested;
}

/** `listens`: the addresses on which the claim meets the holder's, for people. */
type MakeProblem = (claim: Claim, holder: Claim, listens: string) => Problem;

const makeProblem: Readonly<Record<Contested, MakeProblem>> = {
  address: sameAddress,
  name: sameName,
  beginning: otherBeginning,
};

/** The claim that already holds what is claimed; undefined if it was free, and then `claim` holds it from now on. */
function rivalOf(claim: Claim, held: Map<string, Held>): Rival | undefined {
  const { route, selector, service } = claim;
  const key = selectorKey(selector);
  const here = held.get(route.listen);
  if (!here) {
    for (const { first, bySelector } of held.values()) {
      if (!overlap(first.route, route)) continue;
      const isServed =
        bySelector.get(key)?.service === service && agree(first.route, route) && covers(first.route, route);
      return { claim: first, over: isServed ? undefined : 'address' };
    }
    held.set(route.listen, { first: claim, bySelector: new Map([[key, claim]]) });
    return undefined;
  }
  if (!agree(here.first.route, route)) return { claim: here.first, over: 'beginning' };
  const holder = here.bySelector.get(key);
  if (holder) return { claim: holder, over: selector.kind === 'default' ? 'address' : 'name' };
  here.bySelector.set(key, claim);
  return undefined;
}

function sameAddress(claim: Claim, holder: Claim): Problem {
  const [wants, has] = [claim.route.listen, holder.route.listen];
  return conflict('listen-conflict', claim, holder, { wants, has, fix: otherAddress(claim, holder) });
}

function otherAddress({ service, route }: Claim, holder: Claim): string {
  if (service === holder.service) return `Give all replicas of ${service} the same listen addresses.`;
  return route.listen === holder.route.listen
    ? `Give ${service} another listen address, a name of its own there (host, sni), or both the same pool.`
    : `Give ${service} another listen address, or ${holder.route.listen} and a name of its own there (host, sni).`;
}

function sameName(claim: Claim, holder: Claim, listens: string): Problem {
  return conflict('name-conflict', claim, holder, {
    wants: describeSelector(listens, claim.selector),
    has: 'it',
    fix: `Give ${claim.service} another name or another listen address, or both the same pool.`,
  });
}

function otherBeginning(claim: Claim, holder: Claim, listens: string): Problem {
  const accepts = ({ route }: Claim): string =>
    route.acceptProxy.length === 0
      ? 'without PROXY headers'
      : `with PROXY headers from ${route.acceptProxy.join(', ')}`;
  return conflict('listen-conflict', claim, holder, {
    wants: `${listens} ${accepts(claim)}`,
    has: `it ${accepts(holder)}`,
    fix: `Give both the same accept-proxy, or ${claim.service} another listen address.`,
  });
}

function conflict(
  code: 'listen-conflict' | 'name-conflict',
  claim: Claim,
  holder: Claim,
  { wants, has, fix }: { readonly wants: string; readonly has: string; readonly fix: string },
): Problem {
  const holding = holder.lingers
    ? `${holder.route.listen} is kept for ${holder.service} until its hold is over`
    : `${nameOf(holder.declarer)} has ${has} for ${holder.service}`;
  return {
    code,
    subject: claim.service,
    listen: claim.route.listen,
    ...(claim.declarer.kind === 'container' ? { containerId: claim.declarer.id, route: claim.declarer.route } : {}),
    message: `${nameOf(claim.declarer)} wants ${wants} for ${claim.service}, but ${holding}`,
    fix:
      holder.sleeps && !holder.lingers && holder.service !== claim.service
        ? `${fix} ${holder.service} keeps it while it is asleep; docker rm ends that.`
        : fix,
  };
}
