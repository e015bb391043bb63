import type { Clock, Timer } from '../time/clock.ts';
import type { ServicesEvent, StatsEvent, TimelineEvent } from './event-schema.ts';
import { changedStats } from './stats-history.ts';
import { Subscription } from './subscription.ts';

/**
 * The feed of server-sent events. A ring keeps the latest, so that a subscriber that was away for a moment misses
 * nothing; a subscriber that reads too slowly is dropped, since neither memory nor other subscribers may suffer for it.
 * Each event is serialized once, however many subscribers there are.
 */
export interface EventFeed {
  publish(event: Happening): void;
  /** Announces services that changed; the events go out a few times a second at most. */
  servicesChanged(event: ServicesEvent): void;
  /**
   * Undefined when the limit of subscribers is reached. `onDropped`: the subscriber read too slowly and was dropped.
   */
  subscribe(options: SubscribeOptions, onDropped: () => void): Subscription | undefined;
  readonly subscribers: number;
  /** Subscribers that were dropped since the start. */
  readonly dropped: number;
  stop(): void;
}

export type Happening = Omit<TimelineEvent, 'id' | 'at'>;

interface SubscribeOptions {
  /** Sends the kept events with a higher id first; undefined: new events only. */
  readonly after: number | undefined;
  readonly stats: boolean;
}

export interface EventFeedParts {
  readonly clock: Clock;
  /** Called once a second while a subscriber wants figures. */
  readonly readStats: () => StatsEvent;
  readonly options?: Partial<typeof defaults>;
}

const defaults = {
  kept: 1_000,
  /** The bytes of the ring; half of `maxWaitingBytes`, so that a subscriber can ask for all kept events and stay. */
  keptBytes: 512 * 1024,
  maxSubscribers: 64,
  /** The bytes that may wait for one subscriber; a page of a thousand services takes a tenth of it. */
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
  // After a restart, ids are above all earlier ones: a subscriber that asks for an old id gets a reset.
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
      // Proxies and impatient clients wait for a first byte.
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

/** An event as the HTML standard has it (server-sent events). JSON contains no line break, so one data line does. */
function frameOf(event: string, data: unknown, id?: number): string {
  return `${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}

function lazy(make: () => string): () => string {
  let made: string | undefined;
  return () => (made ??= make());
}
