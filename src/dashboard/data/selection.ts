import { compareAttention } from '../../text/attention.ts';
import type { ApiService } from '../../admin/schema.ts';
import type { Live } from './history.ts';

/**
 * The services that the reader asked to see, and their order. Pure.
 */
export type StateFilter = 'all' | 'attention' | ApiService['state'];
/** By state: those that need attention first, and then by name. */
export type Order = 'state' | 'name' | 'sessions' | 'traffic';

export interface Wanted {
  readonly search: string;
  readonly state: StateFilter;
  readonly order: Order;
  /** Only services of this project, '' for those of none; undefined for all. */
  readonly project: string | undefined;
}

export function selectServices(
  services: Iterable<ApiService>,
  { search, state, order, project }: Wanted,
  liveOf: (name: string) => Live,
): readonly ApiService[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const found = inProject(services, project).filter(
    (service) => hasState(service, state) && words.every((word) => isAbout(service, word)),
  );
  if (order === 'name') return found;
  if (order === 'state') return found.sort(compareAttention);
  return found.sort((a, b) => weigh(order, liveOf(b.name)) - weigh(order, liveOf(a.name)));
}

export function inProject(services: Iterable<ApiService>, project: string | undefined): ApiService[] {
  return [...services].filter(({ name }) => project === undefined || projectOf(name) === project);
}

/** A service of compose is called `project/service`; another one may have no project, which is ''. */
function projectOf(name: string): string {
  return name.slice(0, Math.max(0, name.indexOf('/')));
}

/** The projects of the services, in order, with '' where a service has none. */
export function projectsOf(services: Iterable<ApiService>): readonly string[] {
  return [...new Set(Iterator.from(services).map(({ name }) => projectOf(name)))].toSorted();
}

export interface StateCounts {
  readonly all: number;
  /** Services that are not up, including those that are down. */
  readonly attention: number;
  readonly down: number;
  readonly upstreams: number;
  readonly readyUpstreams: number;
}

export function countStates(services: Iterable<ApiService>): StateCounts {
  let [all, attention, down, upstreams, readyUpstreams] = [0, 0, 0, 0, 0];
  for (const service of services) {
    all += 1;
    if (service.state !== 'up') attention += 1;
    if (service.state === 'down') down += 1;
    for (const { state } of service.upstreams) {
      upstreams += 1;
      if (state === 'ready') readyUpstreams += 1;
    }
  }
  return { all, attention, down, upstreams, readyUpstreams };
}

function hasState({ state }: ApiService, wanted: StateFilter): boolean {
  return wanted === 'all' || (wanted === 'attention' ? state !== 'up' : state === wanted);
}

/** The text that a search matches: a service's name, ports, containers and addresses. */
function isAbout({ name, routes, upstreams }: ApiService, word: string): boolean {
  return (
    name.toLowerCase().includes(word) ||
    routes.some(
      ({ listen, published, selectors }) =>
        [listen, ...published].some((address) => address.includes(word)) ||
        selectors.some((one) => one.toLowerCase().includes(word)),
    ) ||
    upstreams.some(
      (upstream) =>
        upstream.name.toLowerCase().includes(word) ||
        upstream.containerId?.startsWith(word) === true ||
        upstream.state === word ||
        upstream.endpoints.some((endpoint) => endpoint.includes(word)),
    )
  );
}

function weigh(order: 'sessions' | 'traffic', { active, held, up, down }: Live): number {
  return order === 'sessions' ? active + held : up + down;
}
