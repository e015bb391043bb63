import { orders, shownServices, type Key, type Shown, type TopState } from './state.ts';

/**
 * What each key does to the state of `sealane top`, by the page that is shown. Pure.
 */
/** The number of rows that PgUp and PgDn move by. */
const pageRows = 10;
const longestFilter = 100;

export function pressed(state: TopState, key: Key, shown?: Shown): TopState {
  return handlers[state.isFiltering ? 'filter' : state.page](state, key, shown);
}

const handlers = { services: onServices, problems: onProblems, help: onHelp, filter: onFilter };

function onHelp(state: TopState, key: Key, shown?: Shown): TopState {
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

function onProblems(state: TopState, key: Key, shown?: Shown): TopState {
  const letter = key.kind === 'text' ? key.text : '';
  if (key.kind === 'interrupt' || letter === 'q' || letter === 'Q') return { ...state, hasQuit: true };
  if (key.kind === 'escape' || letter === 'p') return { ...state, page: 'services', scrolled: 0 };
  if (letter === '?') return { ...state, page: 'help', before: 'problems', scrolled: 0 };
  return { ...state, scrolled: scrolledBy(state, key, shown) ?? state.scrolled };
}

function onServices(state: TopState, key: Key, shown?: Shown): TopState {
  switch (key.kind) {
    case 'interrupt':
      return { ...state, hasQuit: true };
    case 'up':
      return moved(state, -1, shown);
    case 'down':
      return moved(state, 1, shown);
    case 'page-up':
      return moved(state, -pageRows, shown);
    case 'page-down':
      return moved(state, pageRows, shown);
    case 'first':
      return moved(state, -Infinity, shown);
    case 'last':
      return moved(state, Infinity, shown);
    case 'enter':
      return toggled(state, shown);
    case 'escape':
      return { ...state, filter: '', toggled: new Map(), scrolled: 0 };
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
      return moved(state, -1, shown);
    case 'j':
      return moved(state, 1, shown);
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
function onFilter(state: TopState, key: Key): TopState {
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

/** Scrolls over what is hidden of the selected service, and then selects another one. */
function moved(state: TopState, by: number, shown?: Shown): TopState {
  const hidden = Number.isFinite(by) ? (by > 0 ? (shown?.mostScrolled ?? 0) - state.scrolled : state.scrolled) : 0;
  if (hidden > 0) return { ...state, scrolled: state.scrolled + Math.sign(by) * Math.min(Math.abs(by), hidden) };
  const services = shownServices(state);
  if (services.length === 0) return state;
  const at = services.findIndex(({ name }) => name === state.selected);
  // Where no service is selected yet, the first move selects the first or the last one.
  const from = at < 0 ? (by > 0 ? -1 : services.length) : at;
  const to = Math.min(services.length - 1, Math.max(0, from + by));
  if (to !== at || by === -Infinity) return { ...state, selected: services[to]?.name, scrolled: 0 };
  return by === Infinity ? { ...state, scrolled: shown?.mostScrolled ?? 0 } : state;
}

function toggled(state: TopState, shown?: Shown): TopState {
  const { selected } = state;
  if (selected === undefined) return moved(state, 1);
  const isOpen = shown?.open.has(selected) ?? state.toggled.get(selected) === 'open';
  return { ...state, scrolled: 0, toggled: new Map([...state.toggled, [selected, isOpen ? 'closed' : 'open']]) };
}
