import type { Problem, ProblemCode } from '../catalog/problem.ts';
import type { SourceLocation } from '../compose/location.ts';
import type { ComposeService } from '../compose/service.ts';
import { isOption, routeOptions, type OptionName } from '../config/options/route-options.ts';
import { labelOf } from '../discovery/label-names.ts';

/**
 * Finds the location in the compose file where the cause of a problem is written. Pure.
 */

/** The options that cause a route's problem, the likeliest first. */
const culprits: Readonly<Partial<Record<ProblemCode, readonly OptionName[]>>> = {
  'listen-conflict': ['listen', 'port'],
  'name-conflict': ['host', 'sni'],
  'not-on-network': ['network'],
  'no-shared-network': ['network'],
  'labels-differ': ['pool'],
  'action-not-allowed': ['sleep'],
};

export function locationOf(problem: Problem, service: ComposeService, prefix: string): SourceLocation {
  const own = problem.label === undefined ? undefined : service.labels.get(problem.label);
  if (own) return problem.code === 'label-malformed' ? own.valueLocation : own.keyLocation;
  return routeLocation(service, prefix, problem.route ?? '', culprits[problem.code] ?? []);
}

/**
 * The location of the first of these options of the route, its own or a default that it inherits, else of any label of
 * the route, else of the service.
 */
export function routeLocation(
  service: ComposeService,
  prefix: string,
  route: string,
  options: readonly OptionName[],
): SourceLocation {
  const ours = [...service.labels.keys()].filter((key) => key.startsWith(`${prefix}.`));
  const inherited = options.filter((option) => !routeOptions[option].ownRouteOnly);
  const candidates = [
    ...options.map((option) => labelOf(prefix, route, option)),
    ...inherited.map((option) => labelOf(prefix, '', option)),
  ];
  const isOwn = (key: string): boolean =>
    route === '' ? isOption(key.slice(prefix.length + 1)) : key.startsWith(`${prefix}.${route}.`);
  const key = candidates.find((one) => service.labels.has(one)) ?? ours.find(isOwn) ?? ours[0];
  return (key === undefined ? undefined : service.labels.get(key)?.keyLocation) ?? service.location;
}
