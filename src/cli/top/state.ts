import type { TimelineEvent } from '../../admin/event-schema.ts';
import type { ApiProblem, ApiService, ApiServices } from '../../admin/schema.ts';
import { compareAttention } from '../../text/attention.ts';
import type { Lost } from '../client/client.ts';
import type { FeedEvent } from '../client/feed.ts';

/**
 * The state of `sealane top`; next.ts and keys.ts have its transitions. Pure.
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
  /** How many lines the page is scrolled down; on the page of services, beyond the line of the selected one. */
  readonly scrolled: number;
  readonly filter: string;
  readonly isFiltering: boolean;
  readonly hasQuit: boolean;
}

type Page = 'services' | 'problems' | 'help';

/** By state: those that need attention first, and then by name. */
type Order = 'state' | 'name' | 'traffic';
export const orders = ['state', 'name', 'traffic'] as const satisfies readonly Order[];

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

const noFigures: Figures = {
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
  totals: noFigures,
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

/** The services that match the filter, in the order in which they are shown. */
export function shownServices({ answer, filter, order, figures }: TopState): readonly ApiService[] {
  const wanted = filter.toLowerCase();
  const services = (answer?.services ?? []).filter(({ name }) => name.toLowerCase().includes(wanted));
  if (order === 'name') return services;
  if (order === 'state') return services.toSorted(compareAttention);
  const traffic = ({ name }: ApiService): number => {
    const { upRate, downRate, active } = figures.get(name) ?? noFigures;
    return upRate + downRate + active;
  };
  return services.toSorted((a, b) => traffic(b) - traffic(a));
}
