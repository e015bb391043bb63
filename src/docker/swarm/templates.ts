import type { TaskTemplate } from './facts.ts';
import type { TemplateJson } from './schema.ts';

/**
 * Remembers templates, so that equal ones are one object: a service has the same one in each of its thousands of tasks,
 * and what is made of its labels needs to be made only once.
 */
export class Templates {
  readonly #known = new Map<string, TaskTemplate>();

  of(json: TemplateJson | null | undefined): TaskTemplate {
    const { Labels: labels = none, Healthcheck, StopGracePeriod } = json?.ContainerSpec ?? {};
    const [kind = 'NONE'] = Healthcheck?.Test ?? [];
    const hasHealthcheck = kind !== 'NONE';
    const stopGraceMs = StopGracePeriod ? Math.round(StopGracePeriod / 1_000_000) : defaultStopGraceMs;
    const sorted = Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1));
    const key = JSON.stringify([sorted, hasHealthcheck, stopGraceMs]);
    const known = this.#known.get(key);
    if (known) return known;
    if (this.#known.size >= mostKnown) this.#known.clear();
    const template = { labels, hasHealthcheck, stopGraceMs };
    this.#known.set(key, template);
    return template;
  }
}

const none: TaskTemplate['labels'] = Object.freeze(Object.create(null) as Record<string, string>);
const defaultStopGraceMs = 10_000;
/** Each update of a service leaves a template that is not used any more. */
const mostKnown = 10_000;
