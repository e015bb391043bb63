import type { ApiProblem, ApiService, ApiServices, StatsEvent, TimelineEvent } from '../../admin/schema.ts';
import type { Lost } from '../client/client.ts';
import type { FeedEvent } from '../client/feed.ts';

/**
 * The state of `sealane top`, and its transitions for each event, answer and key. Pure.
 */
export interface TopState {
  readonly answer: ApiServices | undefined;
  readonly problems: readonly ApiProblem[];
  readonly totals: Figures;
  /** The figures of each service, by name. */
  readonly figures: ReadonlyMap<string, Figures>;
  readonly statsAtMs: number | undefined;
  /** Recent events, the newest last. */
  readonly events: readonly TimelineEvent[];
  /** Why the connection is lost at the moment; undefined while it is open. */
  readonly lost: string | undefined;
  /** The name of the service under the cursor. */
  readonly selected: string | undefined;
  /** The services whose upstreams the user asked to see or to hide; of others the terminal's size decides. */
  readonly toggled: ReadonlyMap<string, 'open' | 'closed'>;
  readonly order: Order;
  readonly page: Page;
  /** The page to which help returns. */
  readonly before: Page;
  /** The number of lines that the pages of problems and help are scrolled down. */
  readonly scrolled: number;
  readonly filter: string;
  readonly isFiltering: boolean;
  readonly hasQuit: boolean;
}

type Page = 'services' | 'problems' | 'help';

/** By state: those that need attention first, and then by name. */
type Order = 'state' | 'name' | 'traffic';
const orders = ['state', 'name', 'traffic'] as const satisfies readonly Order[];

/** Current counts, and rates per second. */
export interface Figures {
  readonly active: number;
  readonly held: number;
  readonly sessions: number;
  readonly bytesUp: number;
  readonly bytesDown: number;
  readonly failures?: Readonly<Record<string, number>>;
  readonly sessionRate: number;
  readonly upRate: number;
  readonly downRate: number;
}

export type Key =
  | { readonly kind: 'text'; readonly text: string }
  | {
      readonly kind:
        | 'up'
        | 'down'
        | 'page-up'
        | 'page-down'
        | 'first'
        | 'last'
        | 'enter'
        | 'escape'
        | 'backspace'
        | 'interrupt';
    };

/** What the terminal shows as a key is pressed. */
export interface Shown {
  /** The services whose upstreams are shown. */
  readonly open: ReadonlySet<string>;
  /** How far its page can be scrolled down; 0 where all of it is shown. */
  readonly mostScrolled: number;
}

export type TopInput =
  | { readonly kind: 'answer'; readonly answer: ApiServices; readonly problems: readonly ApiProblem[] }
  | { readonly kind: 'service'; readonly service: ApiService }
  | { readonly kind: 'key'; readonly key: Key; readonly shown?: Shown }
  | FeedEvent
  | Lost;

const none: Figures = {
  active: 0,
  held: 0,
  sessions: 0,
  bytesUp: 0,
  bytesDown: 0,
  sessionRate: 0,
  upRate: 0,
  downRate: 0,
};

export const emptyTop: TopState = {
  answer: undefined,
  problems: [],
  totals: none,
  figures: new Map(),
  statsAtMs: undefined,
  events: [],
  lost: undefined,
  selected: undefined,
  toggled: new Map(),
  order: 'state',
  page: 'services',
  before: 'services',
  scrolled: 0,
  filter: '',
  isFiltering: false,
  hasQuit: false,
};

/** The number of events that are kept: more than any terminal has lines. */
const keptEvents = 500;
const pageRows = 10;
const longestFilter = 100;

export function nextTop(state: TopState, input: TopInput): TopState {
  switch (input.kind) {
    case 'answer':
      return { ...state, answer: input.answer, problems: input.problems };
    case 'service':
      return withService(state, input.service);
    case 'timeline':
      return { ...state, lost: undefined, events: [...state.events, input.event].slice(-keptEvents) };
    case 'stats':
      return withStats({ ...state, lost: undefined }, input.event);
    case 'open':
    case 'services':
      return { ...state, lost: undefined };
    case 'reset':
      // The shown events may have gaps, so they are dropped. The current state comes with the next answer.
      return { ...state, events: [] };
    case 'lost':
      return { ...state, lost: input.reason };
    case 'key':
      return pressedOn[state.isFiltering ? 'filter' : state.page](state, input.key, input.shown);
  }
}

/** The services that match the filter, in the order in which they are shown. */
export function shownServices({ answer, filter, order, figures }: TopState): readonly ApiService[] {
  const wanted = filter.toLowerCase();
  const services = (answer?.services ?? []).filter(({ name }) => name.toLowerCase().includes(wanted));
  if (order === 'name') return services;
  if (order === 'state') return services.toSorted((a, b) => urgency.indexOf(a.state) - urgency.indexOf(b.state));
  const traffic = ({ name }: ApiService): number => {
    const { upRate, downRate, active } = figures.get(name) ?? none;
    return upRate + downRate + active;
  };
  return services.toSorted((a, b) => traffic(b) - traffic(a));
}

const urgency: readonly ApiService['state'][] = ['down', 'degraded', 'up'];

/** Replaces one service. A service that is not in the last answer is ignored: it appears with the next one. */
function withService(state: TopState, service: ApiService): TopState {
  const { answer } = state;
  if (!answer) return state;
  const services = answer.services.map((one) => (one.name === service.name ? service : one));
  return { ...state, answer: { ...answer, services } };
}

function withStats(state: TopState, event: StatsEvent): TopState {
  const atMs = Date.parse(event.at);
  const seconds = state.statsAtMs === undefined ? 0 : (atMs - state.statsAtMs) / 1000;
  // The event names only the services whose counters changed.
  const figures = new Map<string, Figures>();
  for (const [name, before] of state.figures) figures.set(name, { ...before, sessionRate: 0, upRate: 0, downRate: 0 });
  for (const [name, now] of Object.entries(event.services))
    figures.set(name, rated(state.figures.get(name), now, seconds));
  return { ...state, statsAtMs: atMs, figures, totals: totalsOf(state, figures, event, seconds) };
}

function rated(before: Figures | undefined, now: StatsEvent['services'][string], seconds: number): Figures {
  // A counter that decreased was reset: by a new Sealane, or by a new service of the same name.
  const rate = (was: number | undefined, is: number): number =>
    was === undefined || is < was || seconds <= 0 ? 0 : (is - was) / seconds;
  return {
    ...now,
    sessionRate: rate(before?.sessions, now.sessions),
    upRate: rate(before?.bytesUp, now.bytesUp),
    downRate: rate(before?.bytesDown, now.bytesDown),
  };
}

function totalsOf(
  { totals }: TopState,
  figures: ReadonlyMap<string, Figures>,
  { accepted, open, held }: StatsEvent,
  seconds: number,
): Figures {
  const sum = (of: (one: Figures) => number): number => [...figures.values()].reduce((all, one) => all + of(one), 0);
  const isFirst = seconds <= 0 || accepted < totals.sessions;
  return {
    active: open,
    held,
    sessions: accepted,
    bytesUp: sum((one) => one.bytesUp),
    bytesDown: sum((one) => one.bytesDown),
    sessionRate: isFirst ? 0 : (accepted - totals.sessions) / seconds,
    upRate: sum((one) => one.upRate),
    downRate: sum((one) => one.downRate),
  };
}

const pressedOn = { services: pressed, problems: scroll, help: leaveHelp, filter: typed };

function leaveHelp(state: TopState, key: Key, shown?: Shown): TopState {
  const to = shown && shown.mostScrolled > 0 ? scrolledBy(state, key, shown) : undefined;
  if (to !== undefined) return { ...state, scrolled: to };
  return { ...state, page: state.before, scrolled: 0, hasQuit: key.kind === 'interrupt' };
}

const steps: Readonly<Partial<Record<Key['kind'], number>>> = {
  up: -1,
  down: 1,
  'page-up': -pageRows,
  'page-down': pageRows,
  first: -Infinity,
  last: Infinity,
};

/** How far the page is scrolled after the key; undefined for a key that does not scroll. */
function scrolledBy({ scrolled }: TopState, key: Key, shown?: Shown): number | undefined {
  const by = key.kind === 'text' ? { j: 1, k: -1 }[key.text] : steps[key.kind];
  if (by === undefined) return undefined;
  return Math.max(0, Math.min(scrolled + by, shown?.mostScrolled ?? scrolled + by));
}

function scroll(state: TopState, key: Key, shown?: Shown): TopState {
  const letter = key.kind === 'text' ? key.text : '';
  if (key.kind === 'interrupt' || letter === 'q' || letter === 'Q') return { ...state, hasQuit: true };
  if (key.kind === 'escape' || letter === 'p') return { ...state, page: 'services', scrolled: 0 };
  if (letter === '?') return { ...state, page: 'help', before: 'problems', scrolled: 0 };
  return { ...state, scrolled: scrolledBy(state, key, shown) ?? state.scrolled };
}

function pressed(state: TopState, key: Key, shown?: Shown): TopState {
  switch (key.kind) {
    case 'interrupt':
      return { ...state, hasQuit: true };
    case 'up':
      return moved(state, -1);
    case 'down':
      return moved(state, 1);
    case 'page-up':
      return moved(state, -pageRows);
    case 'page-down':
      return moved(state, pageRows);
    case 'first':
      return moved(state, -Infinity);
    case 'last':
      return moved(state, Infinity);
    case 'enter':
      return toggled(state, shown);
    case 'escape':
      return { ...state, filter: '', toggled: new Map() };
    case 'backspace':
      return state;
    case 'text':
      return command(state, key.text, shown);
  }
}

function command(state: TopState, text: string, shown?: Shown): TopState {
  switch (text) {
    case 'q':
    case 'Q':
      return { ...state, hasQuit: true };
    case '/':
      return { ...state, isFiltering: true };
    case 'k':
      return moved(state, -1);
    case 'j':
      return moved(state, 1);
    case ' ':
      return toggled(state, shown);
    case 's':
      return { ...state, order: orders[(orders.indexOf(state.order) + 1) % orders.length] ?? 'state' };
    case 'p':
      return { ...state, page: 'problems', scrolled: 0 };
    case '?':
      return { ...state, page: 'help', before: 'services', scrolled: 0 };
    default:
      return state;
  }
}

/** While the user types a filter, letters are text and not commands. */
function typed(state: TopState, key: Key): TopState {
  switch (key.kind) {
    case 'interrupt':
      return { ...state, hasQuit: true };
    case 'enter':
      return { ...state, isFiltering: false };
    case 'escape':
      return { ...state, isFiltering: false, filter: '' };
    case 'backspace':
      return { ...state, filter: state.filter.replace(/.$/su, '') };
    case 'text':
      return { ...state, filter: (state.filter + key.text).slice(0, longestFilter) };
    case 'up':
      return moved(state, -1);
    case 'down':
      return moved(state, 1);
    default:
      return state;
  }
}

function moved(state: TopState, by: number): TopState {
  const services = shownServices(state);
  if (services.length === 0) return state;
  const at = services.findIndex(({ name }) => name === state.selected);
  // Where no service is selected yet, the first move selects the first or the last one.
  const from = at < 0 ? (by > 0 ? -1 : services.length) : at;
  const to = Math.min(services.length - 1, Math.max(0, from + by));
  return { ...state, selected: services[to]?.name };
}

function toggled(state: TopState, shown?: Shown): TopState {
  const { selected } = state;
  if (selected === undefined) return moved(state, 1);
  const isOpen = shown?.open.has(selected) ?? state.toggled.get(selected) === 'open';
  return { ...state, toggled: new Map([...state.toggled, [selected, isOpen ? 'closed' : 'open']]) };
}
