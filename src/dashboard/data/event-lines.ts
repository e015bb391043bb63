import type { TimelineEvent } from '../../admin/event-schema.ts';

/**
 * The lines in which the timeline is shown. What comes again is one line that counts: a message, or an upstream that
 * restarts. The engine's own events, of which each start has several, are left out unless they are asked for. Pure.
 */
export interface EventLine extends Pick<TimelineEvent, 'at' | 'level' | 'message' | 'service'> {
  /** Stays the same while the line counts. */
  readonly key: string;
  /** How often it happened; `at` is the last time. */
  readonly times: number;
}

export interface FoldOptions {
  readonly withEngine: boolean;
}

/** What comes again after a longer time is another occasion, and has a line of its own. */
const messagesApartMs = 600_000;
/** Docker waits for a minute at most before it starts a container again. */
const restartsApartMs = 120_000;
/** One restart is told in full; a deployment is one. */
const severalRestarts = 2;
/** With fewer, what happened in between is easier to follow. */
const severalTimes = 3;

/** `events`: newest first, as the lines are. */
export function foldEvents(events: readonly TimelineEvent[], { withEngine }: FoldOptions): readonly EventLine[] {
  const loops = loopsOf(events);
  const shown = events.filter((event) => !loops.covered.has(event) && (withEngine || event.source !== 'engine'));
  const messages = [...Map.groupBy(shown, ({ level, service, message }) => JSON.stringify([level, service, message]))];
  return [...loops.lines, ...messages.flatMap(([, same]) => occasionsOf(same, messagesApartMs).flatMap(messageLines))]
    .toSorted((a, b) => b.latestId - a.latestId)
    .map(({ line }) => line);
}

interface PlacedLine {
  readonly line: EventLine;
  readonly latestId: number;
}

function messageLines(same: readonly [TimelineEvent, ...TimelineEvent[]]): PlacedLine[] {
  if (same.length < severalTimes) return same.map((event) => messageLine([event]));
  return [messageLine(same)];
}

function messageLine(same: readonly [TimelineEvent, ...TimelineEvent[]]): PlacedLine {
  const [{ id, at, level, message, service }] = same;
  const key = String(same.at(-1)?.id);
  return { line: { key, at, level, message, service, times: same.length }, latestId: id };
}

/**
 * The upstreams that restarted several times, and the events that say no more than that. What came after the last
 * restart, and each warning, keeps its own line.
 */
function loopsOf(events: readonly TimelineEvent[]) {
  const covered = new Set<TimelineEvent>();
  const lines: PlacedLine[] = [];
  const ofEngine = Map.groupBy(
    events.filter(({ source }) => source === 'engine'),
    ({ message }) => message.slice(0, message.indexOf(': ')),
  );
  const ofUpstreams = events.filter(({ event, upstream }) => upstream !== null && event.startsWith('upstream-'));
  const each = Map.groupBy(ofUpstreams, ({ service, upstream }) => JSON.stringify([service, upstream]));
  for (const occasion of each.values().flatMap((ofOne) => occasionsOf(ofOne, restartsApartMs))) {
    const [{ id, at, service, upstream }] = occasion;
    const oldest = occasion.at(-1)?.id ?? id;
    const times = countRestarts(occasion);
    if (times < severalRestarts) continue;
    const line: EventLine = {
      key: `${oldest} loop`,
      at,
      level: 'warn',
      message: `${upstream} in ${service} restarted`,
      service,
      times,
    };
    lines.push({ line, latestId: id });
    // The engine tells of a start before Sealane does.
    const engine = (ofEngine.get(upstream ?? '') ?? []).filter(
      (event) => turnsOfEngine.has(event.event) && isWithin(event, occasion),
    );
    const lingers = events.filter((one) => one.event === 'service-lingers' && one.service === service);
    for (const event of [...supersededIn(occasion), ...engine, ...lingers.filter((one) => isWithin(one, occasion))])
      covered.add(event);
  }
  return { lines, covered };
}

const turnsOfEngine: ReadonlySet<string> = new Set(['create', 'start', 'restart', 'kill', 'stop', 'die', 'destroy']);

function isTurn({ event }: TimelineEvent): boolean {
  return event === 'upstream-added' || event === 'upstream-removed';
}

/** What the restarts made past: up to the last time that the upstream joined. */
function supersededIn(occasion: readonly TimelineEvent[]): readonly TimelineEvent[] {
  const joined = occasion.find(({ event }) => event === 'upstream-added')?.id ?? 0;
  return occasion.filter(({ id, level }) => id <= joined && level === 'info');
}

/** How often it joined after it had left. */
function countRestarts(occasion: readonly TimelineEvent[]): number {
  const turns = occasion.filter(isTurn);
  return turns.filter(
    ({ event }, index) => event === 'upstream-added' && turns[index + 1]?.event === 'upstream-removed',
  ).length;
}

/** Splits events, newest first, where more than `apartMs` are between two. */
function occasionsOf(events: readonly TimelineEvent[], apartMs: number): [TimelineEvent, ...TimelineEvent[]][] {
  const occasions: [TimelineEvent, ...TimelineEvent[]][] = [];
  let laterMs = Number.NaN;
  for (const event of events) {
    const atMs = Date.parse(event.at);
    const current = laterMs - atMs <= apartMs ? occasions.at(-1) : undefined;
    if (current) current.push(event);
    else occasions.push([event]);
    laterMs = atMs;
  }
  return occasions;
}

/** A minute around an occasion belongs to it. */
const aroundMs = 60_000;

function isWithin({ at }: TimelineEvent, occasion: readonly [TimelineEvent, ...TimelineEvent[]]): boolean {
  const [latest] = occasion;
  const oldest = occasion.at(-1) ?? latest;
  const ms = Date.parse(at);
  return ms >= Date.parse(oldest.at) - aroundMs && ms <= Date.parse(latest.at) + aroundMs;
}
