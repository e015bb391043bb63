import { routeOptions, type OptionName } from '../config/options/route-options.ts';
import { closest } from '../text/did-you-mean.ts';

/**
 * Finds labels of routes that no label declares, where another route of the container has a name close to theirs:
 * `sealane.wbe.allow` beside `sealane.web.port`. They are taken for labels of the other route, which would lose what
 * they say. Pure.
 */
export interface WrittenRoute {
  /** The name as it is written, which need not be a valid one. Hostile text. */
  readonly name: string;
  readonly labels: readonly RouteLabel[];
}

export interface RouteLabel {
  readonly key: string;
  /** The label's option, or the one that it is taken for. */
  readonly option: OptionName;
}

export interface MistypedRoute extends WrittenRoute {
  /** The names that may be meant, all equally close; never empty. */
  readonly meant: readonly string[];
}

/** `names` are those of all named routes. */
export function mistypedRoutes(undeclared: readonly WrittenRoute[], names: readonly string[]): MistypedRoute[] {
  if (lengthOf(undeclared.map(({ name }) => name)) * lengthOf(names) > mostCompared) return allMeant(undeclared, names);
  return undeclared.flatMap((route) => {
    const meant = closest(route.name.toLowerCase(), othersThan(route, names));
    return meant.length > 0 ? [{ ...route, meant }] : [];
  });
}

/** The work of comparing names grows with the product of their lengths; these take milliseconds. */
const mostCompared = 4_000_000;

/** Names that are too many to compare: a restriction among them may be meant for any route. */
function allMeant(undeclared: readonly WrittenRoute[], names: readonly string[]): MistypedRoute[] {
  const route = undeclared.find(({ labels }) => labels.some(({ option }) => isNeeded(option)));
  const meant = route ? othersThan(route, names) : [];
  return route && meant.length > 0 ? [{ ...route, meant }] : [];
}

function othersThan({ name }: WrittenRoute, names: readonly string[]): string[] {
  return names.filter((other) => other !== name);
}

/** Whether a route must not be served without the option that was meant for it. */
export function isNeeded(option: OptionName): boolean {
  return routeOptions[option].onMistake === 'refuse';
}

function lengthOf(names: readonly string[]): number {
  return names.reduce((sum, { length }) => sum + length, 0);
}
