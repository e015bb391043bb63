import type { Clock, Timer } from '../time/clock.ts';
import { statsFields } from './derived-fields.ts';
import type { ServicesEvent, StatsEvent, TimelineEvent } from './schema.ts';
import { Subscription } from './subscription.ts';

/**
 * What happens, as server-sent events. What was said lately is kept in a ring, so that whoever was away for a moment
 * misses nothing; whoever reads too slowly is dropped, since neither memory nor the others may suffer for it. Each event
 * is written once, however many subscribers there are.
 */
export interface EventFeed {
  publish(event: Happening): void;
  /** These services differ from what was told before. Said a few times a second at most. */
  servicesChanged(event: ServicesEvent): void;
  /** Undefined when there are as many subscribers as may be. `onDropped`: it read too slowly, and gets nothing more. */
  subscribe(options: SubscribeOptions, onDropped: () => void): Subscription | undefined;
  readonly subscribers: number;
  /** Subscribers that were dropped since the start. */
  readonly dropped: number;
  stop(): void;
}

export type Happening = Omit<TimelineEvent, 'id' | 'at'>;

export interface SubscribeOptions {
  /** Sends what is kept with a higher id first; undefined: only what is new. */
  readonly after: number | undefined;
  readonly stats: boolean;
}

export interface EventFeedParts {
  readonly clock: Clock;
  /** Read once a second while somebody wants it. */
  readonly readStats: () => StatsEvent;
  readonly options?: Partial<typeof defaults>;
}

const defaults = {
  kept: 1_000,
  /** Half of what may wait for one subscriber: whoever asks for all that is kept must not be dropped for it. */
  keptBytes: 512 * 1024,
  maxSubscribers: 64,
  /** What may wait for one subscriber; a page of a thousand services takes a tenth of it. */
  maxWaitingBytes: 1024 * 1024,
  statsIntervalMs: 1_000,
  servicesDelayMs: 100,
  keepAliveMs: 15_000,
};

interface Kept {
  readonly id: number;
  readonly frame: string;
}

export function createEventFeed({ clock, readStats, options }: EventFeedParts): EventFeed {
  const limits = { ...defaults, ...options };
  // After a restart ids go on above all that were given before: whoever asks for an old one is told to begin anew.
  let lastId = clock.wallMs();
  const ring: Kept[] = [];
  let ringBytes = 0;
  const subscriptions = new Map<Subscription, boolean>();
  const newToStats = new Set<Subscription>();
  const pending = { changed: new Set<string>(), removed: new Set<string>(), problemsChanged: false };
  let servicesTimer: Timer | undefined;
  let statsTimer: Timer | undefined;
  let lastStats: StatsEvent['services'] = {};
  let dropped = 0;
  let stopped = false;

  const sendAll = (frame: string): void => {
    for (const subscription of subscriptions.keys()) subscription.push(frame);
  };

  const sendServices = (): void => {
    servicesTimer = undefined;
    const event: ServicesEvent = {
      changed: [...pending.changed],
      removed: [...pending.removed],
      problemsChanged: pending.problemsChanged,
    };
    pending.changed.clear();
    pending.removed.clear();
    pending.problemsChanged = false;
    sendAll(frameOf('services', event));
  };

  const sendStats = (): void => {
    const wanting = [...subscriptions].flatMap(([subscription, stats]) => (stats ? [subscription] : []));
    if (wanting.length === 0 || stopped) return void (statsTimer = undefined);
    const stats = readStats();
    const news = { ...stats, services: changedStats(lastStats, stats.services) };
    lastStats = stats.services;
    const frames = { all: lazy(() => frameOf('stats', stats)), news: lazy(() => frameOf('stats', news)) };
    for (const subscription of wanting) {
      subscription.push(newToStats.delete(subscription) ? frames.all() : frames.news());
    }
    statsTimer = clock.after(limits.statsIntervalMs, sendStats);
  };

  const keepAlive = (): void => {
    if (stopped) return;
    sendAll(': still here\n\n');
    clock.after(limits.keepAliveMs, keepAlive);
  };
  clock.after(limits.keepAliveMs, keepAlive);

  const forget = (subscription: Subscription): void => {
    subscriptions.delete(subscription);
    newToStats.delete(subscription);
  };

  return {
    publish(happening) {
      const id = ++lastId;
      const event: TimelineEvent = { id, at: new Date(clock.wallMs()).toISOString(), ...happening };
      const frame = frameOf('timeline', event, id);
      ring.push({ id, frame });
      ringBytes += frame.length;
      while (ring.length > limits.kept || ringBytes > limits.keptBytes) ringBytes -= ring.shift()?.frame.length ?? 0;
      sendAll(frame);
    },
    servicesChanged({ changed, removed, problemsChanged }) {
      if (subscriptions.size === 0) return;
      for (const name of changed) pending.changed.add(name);
      for (const name of removed) {
        pending.changed.delete(name);
        pending.removed.add(name);
      }
      for (const name of changed) pending.removed.delete(name);
      pending.problemsChanged ||= problemsChanged;
      servicesTimer ??= clock.after(limits.servicesDelayMs, sendServices);
    },
    subscribe({ after, stats }, onDropped) {
      if (subscriptions.size >= limits.maxSubscribers || stopped) return undefined;
      const subscription = new Subscription(limits.maxWaitingBytes, {
        onDropped() {
          dropped += 1;
          onDropped();
        },
        onClosed: forget,
      });
      subscriptions.set(subscription, stats);
      // Tells at once that somebody is there, which proxies and impatient clients wait for.
      subscription.push(': welcome\n\n');
      if (after !== undefined) {
        const beforeAll = (ring[0]?.id ?? lastId + 1) - 1;
        const isUnknown = after !== 0 && (after < beforeAll || after > lastId);
        if (isUnknown)
          subscription.push(frameOf('reset', { reason: 'what came after that event is no longer kept' }, beforeAll));
        for (const { id, frame } of ring) if (isUnknown || id > after) subscription.push(frame);
      }
      if (stats) {
        newToStats.add(subscription);
        statsTimer ??= clock.after(0, sendStats);
      }
      return subscription;
    },
    get subscribers() {
      return subscriptions.size;
    },
    get dropped() {
      return dropped;
    },
    stop() {
      stopped = true;
      servicesTimer?.cancel();
      statsTimer?.cancel();
      for (const subscription of subscriptions.keys()) subscription.close();
    },
  };
}

/** https://html.spec.whatwg.org/multipage/server-sent-events.html: JSON has no line break of its own. */
function frameOf(event: string, data: unknown, id?: number): string {
  return `${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}

const shown = [...statsFields, 'held'] as const;

function changedStats(before: StatsEvent['services'], after: StatsEvent['services']): StatsEvent['services'] {
  const changed: StatsEvent['services'] = {};
  for (const [name, now] of Object.entries(after)) {
    const then = before[name];
    if (!shown.every((field) => then?.[field] === now[field])) changed[name] = now;
  }
  return changed;
}

function lazy(make: () => string): () => string {
  let made: string | undefined;
  return () => (made ??= make());
}
