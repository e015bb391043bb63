import { countFailures } from '../text/failures.ts';
import { statsFields } from './derived-fields.ts';
import type { StatsEvent } from './event-schema.ts';

/**
 * The figures of the last minutes, a sample every two seconds, so that a page that opens has full charts at once. A
 * sample has the services whose figures changed; the first one has all.
 */
export const historyIntervalMs = 2_000;
const mostSamples = 150;
/** Bounds the memory, at about 150 bytes each: a thousand busy services have a history of four minutes. */
const mostEntries = 120_000;

type Services = StatsEvent['services'];

export class StatsHistory {
  readonly #samples: StatsEvent[] = [];
  #entries = 0;
  #latest: Services = {};
  readonly #mostEntries: number;

  constructor(most = mostEntries) {
    this.#mostEntries = most;
  }

  add(stats: StatsEvent): void {
    const services = { ...changedStats(this.#latest, stats.services), ...closing(this.#latest, stats.services) };
    this.#latest = stats.services;
    this.#samples.push({ ...stats, services });
    this.#entries += Object.keys(services).length;
    while (this.#samples.length > mostSamples || (this.#entries > this.#mostEntries && this.#samples.length > 1))
      this.#dropOldest();
  }

  /** The oldest first. */
  all(): readonly StatsEvent[] {
    return this.#samples;
  }

  /** The second sample becomes the first, so it gets the figures that did not change in it. */
  #dropOldest(): void {
    const [oldest, second] = this.#samples;
    this.#samples.shift();
    if (!oldest || !second) return;
    const services = { ...oldest.services, ...second.services };
    for (const [name, { active, held }] of Object.entries(services))
      if (active + held === 0 && !Object.hasOwn(this.#latest, name)) delete services[name];
    this.#entries += Object.keys(services).length;
    this.#entries -= Object.keys(oldest.services).length + Object.keys(second.services).length;
    this.#samples[0] = { ...second, services };
  }
}

const noFailures: Readonly<Record<string, number>> = {};
const compared = [...statsFields, 'held'] as const;

/** The services that are gone. Their connections are not counted any more, so that a reader's sum does not keep them. */
function closing(before: Services, after: Services): Services {
  const gone = Object.entries(before).filter(([name]) => !Object.hasOwn(after, name));
  return Object.fromEntries(gone.map(([name, figures]) => [name, { ...figures, active: 0, held: 0 }]));
}

/** The services whose figures differ, with all their figures. */
export function changedStats(before: Services, after: Services): Services {
  const changed: Services = {};
  for (const [name, now] of Object.entries(after)) {
    const then = before[name];
    const hasFailed = countFailures(then?.failures ?? noFailures) !== countFailures(now.failures);
    if (hasFailed || !compared.every((field) => then?.[field] === now[field])) changed[name] = now;
  }
  return changed;
}
