import type { StatsEvent } from '../../admin/event-schema.ts';
import type { ApiService } from '../../admin/schema.ts';
import { pressed } from './keys.ts';
import type { Figures, TopInput, TopState } from './state.ts';

/**
 * The state of `sealane top` after an event, an answer or a key. Pure.
 */
/** The number of events that are kept: more than any terminal has lines. */
const keptEvents = 500;

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
      return pressed(state, input.key, input.shown);
  }
}

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
