import { rangeLength, type ListenRange } from '../address/listen.ts';
import type { Declaration, DeclaredUpstream, Declarer, RouteMatch } from '../catalog/declaration.ts';
import type { Problem } from '../catalog/problem.ts';
import type { EngineAction } from '../config/engine-actions.ts';
import type { NamesRules } from '../config/names/settings.ts';
import { allowAdvice } from '../docker/engine-actions.ts';
import { defaultSocketFolder } from '../config/settings.ts';
import type { AddressChoice } from './addresses/choice.ts';
import { expandListen, mistakeIn } from './expand-listen.ts';
import { labelOf } from './label-names.ts';
import { readLabels, type LabelledRoute } from './labels.ts';
import { unlabelledRoute } from './names/exposing.ts';
import { asNamed, matchesOn, type Nameable, type NamedRoute } from './names/named-route.ts';
import { actionsMissing, matchOf, poolOf } from './options.ts';

/**
 * Makes declarations of the routes that the labels of a container ask for. Pure.
 */
export interface RouteRules {
  readonly labelPrefix: string;
  /** The address of listeners that have only a port. */
  readonly bind: string;
  /** The folder in which labels may open Unix sockets; `defaultSocketFolder` unless given. */
  readonly socketFolder?: string;
  /** What the engine may be asked to change; where undefined, it is not judged whether labels need more. */
  readonly actions?: ReadonlySet<EngineAction> | undefined;
  /** How routes are named that have neither a name nor an address; undefined where they are served on a port each. */
  readonly names?: NamesRules | undefined;
}

/** What the labels are of. */
export interface Labelled extends Nameable {
  /** It has no labels, and is served all the same. */
  readonly isUnlabelled?: boolean;
  readonly labels: Readonly<Record<string, string>>;
  /** The engine removes its container as soon as that ends. */
  readonly isRemovedAtEnd?: true | undefined;
  readonly declarer: Omit<Extract<Declarer, { kind: 'container' }>, 'route'>;
  readonly serviceOf: (route: LabelledRoute) => string;
  /** The port of a route whose labels name none. */
  readonly onlyPort: number | undefined;
  /** Why that port is not known. */
  readonly portUnclear: (route: LabelledRoute) => { readonly message: string; readonly fix: string };
  readonly choose: (port: number, network: string | undefined) => AddressChoice;
  readonly toUpstream: (choice: FoundAddresses, port: number, route: LabelledRoute) => DeclaredUpstream | undefined;
}

export type FoundAddresses = Extract<AddressChoice, { kind: 'found' }>;

export interface DeclaredRoutes {
  readonly declarations: readonly Declaration[];
  readonly problems: readonly Problem[];
  /** Whether the labels ask for a route that can be served. */
  readonly hasRoutes: boolean;
  /** The routes whose port was chosen, since no label names one. */
  readonly chosen: readonly NamedRoute[];
}

export function declareRoutes(labelled: Labelled, rules: RouteRules): DeclaredRoutes {
  const { routes, problems } = labelled.isUnlabelled
    ? { routes: [unlabelledRoute], problems: [] }
    : readLabels(labelled.labels, rules.labelPrefix, labelled.declarer);
  const declared = routes.map((route) => declareRoute(route, labelled, rules));
  return {
    declarations: declared.flatMap((one) => one.declarations),
    problems: [...problems, ...declared.flatMap((one) => one.problems)],
    hasRoutes: routes.length > 0,
    chosen: declared.flatMap(({ named }) => (named?.because === undefined ? [] : [named])),
  };
}

interface Declared extends Pick<DeclaredRoutes, 'declarations' | 'problems'> {
  readonly named?: NamedRoute | undefined;
}

function declareRoute(route: LabelledRoute, labelled: Labelled, rules: RouteRules): Declared {
  const problem = problemMaker(route, labelled, rules);
  const { listen } = route.values;
  const named = rules.names && asNamed(route, labelled, rules.names);
  const isRange = rangeLength(listen) > 1;
  const port = named?.port ?? route.values.port ?? (isRange ? listen?.[0]?.port : labelled.onlyPort);
  if (port === undefined) {
    const { message, fix } = labelled.portUnclear(route);
    return { declarations: [], problems: [problem('port-unclear', message, fix)] };
  }
  const mistake = listen && mistakeIn(listen, port, rules.socketFolder ?? defaultSocketFolder);
  if (mistake) {
    return { declarations: [], problems: [problem('label-malformed', mistake.message, mistake.fix, 'listen')] };
  }
  const declaredBy: Declarer = { ...labelled.declarer, route: route.name ?? '' };
  const pool = poolOf(route.values);
  const matches = matchesOf(route, named, rules);
  const problems: Problem[] = sleepProblems(route, labelled, rules, problem);
  const declarations: Declaration[] = [];
  const ranges = named ? rules.names?.listen.map((one) => ({ ...one, count: 1 })) : listen;
  for (const one of expandListen(labelled.serviceOf(route), ranges ?? [plain(port)], rules.bind)) {
    const own = port + one.portOffset;
    const choice = labelled.choose(own, route.values.network);
    // For a range, only the first port that can't be reached is reported.
    if (choice.kind === 'none' && !problems.some(({ code }) => code === choice.code))
      problems.push(problem(choice.code, choice.message, choice.fix));
    const upstream = choice.kind === 'found' ? labelled.toUpstream(choice, own, route) : undefined;
    for (const [index, listenOn] of one.addresses.entries())
      declarations.push({ service: one.service, listen: listenOn, match: matches(index), pool, upstream, declaredBy });
  }
  return { declarations, problems, named };
}

/** Which clients the route gets on each of its addresses, by their order. */
function matchesOf(
  { values }: LabelledRoute,
  named: NamedRoute | undefined,
  { names }: RouteRules,
): (index: number) => RouteMatch {
  const match = matchOf(values);
  if (!named || !names) return () => match;
  const matches = matchesOn(names, match, named.names);
  return (index) => matches[index] ?? match;
}

type MakeProblem = (code: Problem['code'], message: string, fix: string, option?: string) => Problem;

function problemMaker({ name }: LabelledRoute, { declarer }: Labelled, { labelPrefix }: RouteRules): MakeProblem {
  const route = name ?? '';
  const where = name === undefined ? '' : `route ${name}: `;
  return (code, message, fix, option) => ({
    code,
    subject: declarer.name,
    containerId: declarer.id,
    route,
    ...(option !== undefined && { label: labelOf(labelPrefix, route, option) }),
    message: where + message,
    fix,
  });
}

/** Why the label `sleep` is ignored. */
function sleepProblems(
  { values }: LabelledRoute,
  { declarer: { task }, isRemovedAtEnd }: Labelled,
  { actions }: RouteRules,
  problem: MakeProblem,
): Problem[] {
  if (values.sleep !== undefined && task) return [problem('sleep-impossible', ...sleepInSwarm, 'sleep')];
  if (values.sleep !== undefined && isRemovedAtEnd && values['sleep.mode'] !== 'pause')
    return [problem('sleep-impossible', ...sleepAsRemoval, 'sleep')];
  const missing = actionsMissing(values, actions);
  if (!actions || missing.length === 0) return [];
  const message = `the label sleep is ignored: Sealane may not ask the engine to ${missing.join(' or ')} containers`;
  return [problem('action-not-allowed', message, allowAdvice(actions, missing), 'sleep')];
}

const sleepAsRemoval = [
  'the label sleep is ignored: the engine removes the container as soon as it is stopped',
  'Start it without --rm, or set sleep.mode=pause.',
] as const;

/** What is wrong with the label `sleep` in a Swarm, and what to do. */
export const sleepInSwarm = [
  'the label sleep is ignored: a Swarm starts another task for each one that ends',
  'Take the label away.',
] as const;

function plain(port: number): ListenRange {
  return { host: undefined, port, count: 1 };
}
