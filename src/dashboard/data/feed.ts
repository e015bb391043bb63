import { countFailures } from '../../text/failures.ts';
import { batch } from '@preact/signals';
import type { ServicesEvent, StatsEvent, TimelineEvent } from '../../admin/event-schema.ts';
import type { ApiProblem } from '../../admin/schema.ts';
import { api, ApiFailure } from './api.ts';
import { Backfill } from './backfill.ts';
import { serverNowMs, setServerTime } from './clock.ts';
import { withServices } from './known-services.ts';
import { createReadQueue } from './read-queue.ts';
import { connection, history, problems, services, status, tick, timeline } from './store.ts';
import { messageOf } from '../../text/message-of.ts';

/**
 * Keeps the store equal to Sealane's state: one event stream names what changed, and only that is read. Each connection
 * and reconnection reads everything anew, so that nothing stale survives; a stream that has gone silent is closed.
 *
 *   EventSource ─▶ services: names  ─▶ read queue ─▶ GET /api/services[/name] ─▶ store
 *               ─▶ stats, timeline ────────────────────────────────────────▶ store
 */
const keptEvents = 500;
/** Figures come once a second. The page says that it is stale once none has come for this long. */
const staleAfterMs = 4_000;
const silentAfterMs = 12_000;
const statusEveryMs = 5_000;
const firstRetryMs = 400;
const longestRetryMs = 5_000;

let source: EventSource | undefined;
let retryMs = firstRetryMs;
let retry: ReturnType<typeof setTimeout> | undefined;
let heardAtMs = 0;
let lastId = 0;
let freshStats = true;

const readQueue = createReadQueue({
  async readAll() {
    const [all, { problems: found }] = await Promise.all([api.services(), api.problems()]);
    setServerTime(Date.parse(all.at));
    const next = new Map(all.services.map((service) => [service.name, service]));
    reloadIfUpdated(all.status.version);
    batch(() => {
      history.forget([...services.value.keys()].filter((name) => !next.has(name)));
      services.value = next;
      status.value = all.status;
      problems.value = found;
      connection.value = { kind: 'live' };
    });
  },
  async readSome(names, alsoProblems) {
    const [read, found, now] = await Promise.all([
      Promise.all(names.map(async (name) => [name, await serviceOrNone(name)] as const)),
      alsoProblems ? api.problems() : undefined,
      api.status(),
    ]);
    batch(() => {
      history.forget(read.flatMap(([name, service]) => (service ? [] : [name])));
      services.value = withServices(services.value, read);
      status.value = now;
    });
    if (found) {
      const concerned = concernedBy(problems.peek(), found.problems);
      problems.value = found.problems;
      if (concerned.length > 0) readQueue.some(concerned, false);
    }
  },
  onFailure(error) {
    if (error instanceof ApiFailure && error.status === 401) connection.value = { kind: 'token-needed' };
    else if (services.peek().size === 0 && connection.peek().kind === 'connecting')
      connection.value = { kind: 'connecting', reason: messageOf(error) };
    reconnect();
  },
});

export function startFeed(): void {
  open();
  void readHistory();
  setInterval(watch, 1000);
  // No event names a change of the engine's own state.
  setInterval(() => connection.peek().kind === 'live' && readQueue.some([], true), statusEveryMs);
  // A phone that wakes up shows old data.
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'visible' && connection.peek().kind === 'stale') reconnectNow();
  });
}

const backfill = new Backfill(history);

/** Fills the charts with what happened before the page was opened. Without it they fill with time. */
async function readHistory(): Promise<void> {
  const { samples } = await api.history().catch(() => ({ samples: [] }));
  backfill.addPast(samples);
  tick.value += 1;
}

/** Reads after an action, so that its outcome shows before the stream names it. */
export function refresh(name: string): void {
  readQueue.some([name], false);
}

export function reconnectNow(): void {
  clearTimeout(retry);
  retry = undefined;
  source?.close();
  open();
}

function open(): void {
  source?.close();
  freshStats = true;
  const opened = new EventSource(`/api/events?stats=true&since=${lastId}`);
  source = opened;
  heardAtMs = Date.now();
  opened.addEventListener('open', () => {
    heard();
    retryMs = firstRetryMs;
    readQueue.all();
  });
  opened.addEventListener('error', () => {
    // A 401 ends here as well, and the event does not say so; the next read does.
    if (connection.peek().kind === 'connecting') readQueue.all();
    reconnect();
  });
  on(opened, 'stats', onStats);
  on(opened, 'services', ({ changed, removed, problemsChanged }) => {
    readQueue.some([...changed, ...removed], problemsChanged);
  });
  on(opened, 'timeline', (event) => {
    lastId = Math.max(lastId, event.id);
    pending.push(event);
    flush ??= setTimeout(flushTimeline, gatherMs);
  });
  on(opened, 'reset', () => {
    // The server sends the kept events next.
    pending.length = 0;
    timeline.value = [];
    lastId = 0;
  });
}

interface StreamEvents {
  readonly stats: StatsEvent;
  readonly services: ServicesEvent;
  readonly timeline: TimelineEvent;
  readonly reset: unknown;
}

function on<Name extends keyof StreamEvents>(
  opened: EventSource,
  name: Name,
  listener: (data: StreamEvents[Name]) => void,
): void {
  opened.addEventListener(name, (event) => {
    if (opened !== source) return;
    heard();
    listener(JSON.parse((event as MessageEvent<string>).data) as StreamEvents[Name]);
  });
}

/** The version of the server that served this page. A page that is older than its server reloads itself. */
let builtVersion: string | undefined;

function reloadIfUpdated(version: string): void {
  builtVersion ??= version;
  if (version !== builtVersion) location.reload();
}

function onStats(stats: StatsEvent): void {
  setServerTime(Date.parse(stats.at));
  backfill.addLive(stats, freshStats);
  freshStats = false;
  countFailed(stats.services);
  tick.value += 1;
}

/** A session that failed changes nothing else of its service, so no event asks to read the service again. */
function countFailed(figures: StatsEvent['services']): void {
  const changed = Object.entries(figures).flatMap(([name, { failures }]) => {
    const known = services.peek().get(name);
    return known && countFailures(known.failures) !== countFailures(failures) ? [{ ...known, failures }] : [];
  });
  if (changed.length > 0)
    services.value = new Map([...services.peek(), ...changed.map((one) => [one.name, one] as const)]);
}

/** Collects events that come together and shows them at once: the first answer may hold hundreds. */
const gatherMs = 50;
const pending: TimelineEvent[] = [];
let flush: ReturnType<typeof setTimeout> | undefined;

function flushTimeline(): void {
  flush = undefined;
  const known = new Set(timeline.peek().map(({ id }) => id));
  const fresh = pending.splice(0).filter(({ id }) => !known.has(id));
  timeline.value = [...fresh.toReversed(), ...timeline.peek()].slice(0, keptEvents);
}

function heard(): void {
  heardAtMs = Date.now();
  if (connection.peek().kind === 'stale' && services.peek().size > 0) readQueue.all();
}

function watch(): void {
  const silentMs = Date.now() - heardAtMs;
  if (silentMs > staleAfterMs) markStale();
  if (silentMs > silentAfterMs) reconnect();
}

function markStale(): void {
  if (connection.peek().kind !== 'live') return;
  connection.value = { kind: 'stale', sinceMs: serverNowMs() - (Date.now() - heardAtMs) };
}

function reconnect(): void {
  source?.close();
  markStale();
  if (retry !== undefined) return;
  // Jitter keeps the pages that lost one server from reconnecting at the same moment.
  const waitMs = retryMs * (0.5 + Math.random());
  retryMs = Math.min(longestRetryMs, retryMs * 2);
  retry = setTimeout(reconnectNow, waitMs);
}

/** A problem that comes or goes may alone decide whether a service is well. */
function concernedBy(before: readonly ApiProblem[], after: readonly ApiProblem[]): string[] {
  const keyOf = ({ code, subject, message }: ApiProblem): string => `${code}\n${subject}\n${message}`;
  const [old, fresh] = [new Set(before.map(keyOf)), new Set(after.map(keyOf))];
  const changed = [...before.filter((one) => !fresh.has(keyOf(one))), ...after.filter((one) => !old.has(keyOf(one)))];
  return [...new Set(changed.flatMap((one) => one.services))];
}

async function serviceOrNone(name: string) {
  try {
    return await api.service(name);
  } catch (error) {
    if (error instanceof ApiFailure && error.status === 404) return undefined;
    throw error;
  }
}
