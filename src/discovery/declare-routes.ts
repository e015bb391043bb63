import { rangeLength, type ListenRange } from '../address/listen.ts';
import type { Declaration, DeclaredUpstream, Declarer } from '../catalog/declaration.ts';
import type { Problem } from '../catalog/problem.ts';
import { defaultSocketFolder } from '../config/settings.ts';
import type { AddressChoice } from './addresses/choice.ts';
import { expandListen, mistakeIn } from './expand-listen.ts';
import { labelOf } from './label-names.ts';
import { readLabels, type LabelledRoute } from './labels.ts';
import { matchOf, poolOf } from './options.ts';

/**
 * Makes declarations of the routes that the labels of a container ask for. Pure.
 */
export interface RouteRules {
  readonly labelPrefix: string;
  /** The address of listeners that have only a port. */
  readonly bind: string;
  /** The folder in which labels may open Unix sockets; `defaultSocketFolder` unless given. */
  readonly socketFolder?: string;
}

/** What the labels are of. */
export interface Labelled {
  readonly labels: Readonly<Record<string, string>>;
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
}

export function declareRoutes(labelled: Labelled, rules: RouteRules): DeclaredRoutes {
  const { routes, problems } = readLabels(labelled.labels, rules.labelPrefix, labelled.declarer);
  const declared = routes.map((route) => declareRoute(route, labelled, rules));
  return {
    declarations: declared.flatMap((one) => one.declarations),
    problems: [...problems, ...declared.flatMap((one) => one.problems)],
    hasRoutes: routes.length > 0,
  };
}

type Declared = Omit<DeclaredRoutes, 'hasRoutes'>;

function declareRoute(route: LabelledRoute, labelled: Labelled, rules: RouteRules): Declared {
  const problem = problemMaker(route, labelled, rules);
  const { listen } = route.values;
  const isRange = rangeLength(listen) > 1;
  const port = route.values.port ?? (isRange ? listen?.[0]?.port : labelled.onlyPort);
  if (port === undefined) {
    const { message, fix } = labelled.portUnclear(route);
    return { declarations: [], problems: [problem('port-unclear', message, fix)] };
  }
  const mistake = listen && mistakeIn(listen, port, rules.socketFolder ?? defaultSocketFolder);
  if (mistake) {
    return { declarations: [], problems: [problem('label-malformed', mistake.message, mistake.fix, 'listen')] };
  }
  const declaredBy: Declarer = { ...labelled.declarer, route: route.name ?? '' };
  const options = { match: matchOf(route.values), pool: poolOf(route.values) };
  const problems: Problem[] = [];
  const declarations: Declaration[] = [];
  for (const one of expandListen(labelled.serviceOf(route), listen ?? [plain(port)], rules.bind)) {
    const own = port + one.portOffset;
    const choice = labelled.choose(own, route.values.network);
    // For a range, only the first port that can't be reached is reported.
    if (choice.kind === 'none' && problems.length === 0)
      problems.push(problem(choice.code, choice.message, choice.fix));
    const upstream = choice.kind === 'found' ? labelled.toUpstream(choice, own, route) : undefined;
    for (const listenOn of one.addresses)
      declarations.push({ service: one.service, listen: listenOn, ...options, upstream, declaredBy });
  }
  return { declarations, problems };
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

function plain(port: number): ListenRange {
  return { host: undefined, port, count: 1 };
}
