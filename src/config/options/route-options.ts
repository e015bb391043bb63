import { containerOptions } from './container.ts';
import { healthOptions } from './health.ts';
import { matchOptions } from './match.ts';
import type { RouteOption, ValuesOf } from './option.ts';
import { poolOptions } from './pool.ts';
import { sleepOptions } from './sleep.ts';
import { upstreamOptions } from './upstream.ts';

/**
 * All options of a route, in the order of the reference. Each is declared in the file of the object that it configures.
 */
const tables = {
  ...containerOptions,
  ...matchOptions,
  ...poolOptions,
  ...upstreamOptions,
  ...healthOptions,
  ...sleepOptions,
};

export type OptionName = keyof typeof tables;

export const routeOptions: Readonly<Record<OptionName, RouteOption>> = tables;
export const optionNames = Object.keys(tables) as readonly OptionName[];

/** The options that a static service has beside its listen addresses: its keys in the file, and flags of `relay`. */
export const staticOptionNames = optionNames.filter(
  (name) => name !== 'listen' && routeOptions[name].containerOnly === undefined,
);

/** The validated options of one route; an option that is not written is absent. */
export type RouteValues = ValuesOf<typeof tables>;

export function isOption(name: string): name is OptionName {
  return Object.hasOwn(routeOptions, name);
}
