import { type Problem } from '../catalog/problem.ts';
import { didYouMean } from '../text/did-you-mean.ts';
import {
  isOption,
  optionNames,
  routeOptions,
  type OptionName,
  type RouteValues,
} from '../config/options/route-options.ts';
import { listed } from '../text/listed.ts';
import { plural } from '../text/plural.ts';
import { printable, quoted } from '../text/printable.ts';
import { isNeeded, mistypedRoutes, type MistypedRoute, type RouteLabel } from './mistyped-routes.ts';

/**
 * Reads the labels of one container into routes. Pure. A mistake becomes a problem and affects only its own route, or the
 * one that is meant.
 */
export interface LabelledRoute {
  /** The name of the route; undefined for the unnamed route. */
  readonly name: string | undefined;
  readonly values: RouteValues;
}

interface LabelReading {
  readonly routes: readonly LabelledRoute[];
  readonly problems: readonly Problem[];
}

type Values = { -readonly [K in keyof RouteValues]: RouteValues[K] };

interface Draft {
  readonly values: Values;
  /** The options whose mistakes forbid serving the route. */
  readonly refused: Set<OptionName>;
  /** The labels that are read for the route, also those with mistakes. */
  readonly labels: RouteLabel[];
}

const routeName = /^[a-z0-9-]+$/;

export function readLabels(
  labels: Readonly<Record<string, string>>,
  prefix: string,
  container: { readonly id: string; readonly name: string },
): LabelReading {
  const problems: Problem[] = [];
  const drafts = new Map<string, Draft>();
  let more = 0;
  const report: Report = (label, code, message, fix) => {
    if (problems.length >= mostProblems) more += 1;
    else problems.push({ code, subject: printable(container.name), containerId: container.id, label, message, fix });
  };
  const reading: Reading = { prefix, drafts, misnamed: new Map(), report };
  for (const key of Object.keys(labels).toSorted()) {
    if (!key.startsWith(`${prefix}.`)) continue;
    const { route, option } = splitKey(key.slice(prefix.length + 1));
    if (option === undefined) readUnknown(reading, key);
    else readOption(draftOf(drafts, route), key, option, labels[key] ?? '', report);
  }
  readMistyped(reading);
  if (more > 0) problems.push(furtherProblems(more, container));
  return { routes: toRoutes(drafts), problems };
}

type Report = (label: string, code: Problem['code'], message: string, fix: string) => void;

interface Reading {
  readonly prefix: string;
  readonly drafts: Map<string, Draft>;
  /** The labels of routes whose names are no valid ones. */
  readonly misnamed: Map<string, RouteLabel[]>;
  readonly report: Report;
}

function readUnknown({ prefix, drafts, misnamed, report }: Reading, key: string): void {
  const meant = meantBy(key.slice(prefix.length + 1));
  if (meant && meant.route !== '' && !routeName.test(meant.route)) {
    const label = { key, option: meant.option };
    const known = misnamed.get(meant.route);
    if (known) known.push(label);
    else misnamed.set(meant.route, [label]);
    return;
  }
  const refuse = meant !== undefined && isNeeded(meant.option);
  if (refuse) {
    const draft = draftOf(drafts, meant.route);
    draft.refused.add(meant.option);
    draft.labels.push({ key, option: meant.option });
  }
  const hint = meant ? ` (did you mean ${quoted(labelOf(prefix, meant.route, meant.option))}?)` : '';
  reportUnknown(report, key, `${hint}${refuse ? '; the route is not served' : ''}`);
}

function reportUnknown(report: Report, key: string, more = ''): void {
  report(key, 'label-unknown', `unknown label ${quoted(key)}${more}`, 'Correct or remove the label.');
}

/** Refuses routes that may be meant by labels of a route that does not exist, where they need what these say. */
function readMistyped(reading: Reading): void {
  const { drafts, misnamed, report } = reading;
  const names = [...drafts.keys()].filter((name) => name !== '');
  const undeclared = [...drafts].flatMap(([name, draft]) =>
    name === '' || isDeclared(draft) ? [] : [{ name, labels: draft.labels }],
  );
  const invalid = [...misnamed].map(([name, labels]) => ({ name, labels }));
  const mistyped = mistypedRoutes([...undeclared, ...invalid], names);
  for (const route of mistyped) refuseMistyped(reading, route);
  const found = new Set(mistyped.map(({ name }) => name));
  for (const { name, labels } of invalid)
    if (!found.has(name)) for (const { key } of labels) reportUnknown(report, key);
}

function refuseMistyped({ prefix, drafts, report }: Reading, { name, labels, meant }: MistypedRoute): void {
  const own = drafts.get(name);
  for (const { key, option } of labels) {
    const lost = isNeeded(option) ? meant : [];
    for (const route of lost) drafts.get(route)?.refused.add(option);
    // By itself it would make a route with defaults, which may be open.
    own?.refused.add(option);
    const hint = ` (did you mean ${quoted(labelOf(prefix, meant[0] ?? '', option))}?)${unserved(own ? [name, ...lost] : lost)}`;
    if (!own) reportUnknown(report, key, hint);
    else {
      const fix = `Correct the label, or declare the route as well (${printable(labelOf(prefix, name, 'port'))}).`;
      report(key, 'label-unknown', `label ${quoted(key)} is of a route that no label declares${hint}`, fix);
    }
  }
}

function unserved(routes: readonly string[]): string {
  if (routes.length === 0) return '';
  const names = listed(routes.map((route) => printable(route)));
  return routes.length === 1 ? `; route ${names} is not served` : `; routes ${names} are not served`;
}

/** Whether a label says that there is such a route. The others would make one of it by themselves, with defaults. */
function isDeclared({ values, labels }: Draft): boolean {
  return values.enable === true || labels.some(({ option }) => routeOptions[option].declaresRoute);
}

/** A container may have a hundred thousand labels with mistakes; a person corrects the first few. */
const mostProblems = 20;

function furtherProblems(count: number, { id, name }: { readonly id: string; readonly name: string }): Problem {
  return {
    code: 'label-unknown',
    subject: printable(name),
    containerId: id,
    message: `${plural(count, 'more label')} of it ${count === 1 ? 'is' : 'are'} unknown or malformed`,
    fix: 'Correct the labels that are named first; then the others are named.',
  };
}

/**
 * Splits `listen`, `web.listen`, `health.interval` or `web.health.interval`; the option is undefined when it is
 * unknown.
 */
function splitKey(rest: string): { readonly route: string; readonly option: OptionName | undefined } {
  if (isOption(rest)) return { route: '', option: rest };
  const dot = rest.indexOf('.');
  const route = rest.slice(0, Math.max(dot, 0));
  const option = rest.slice(dot + 1);
  const isRoute = routeName.test(route) && !isOption(route);
  return isRoute && isOption(option) ? { route, option } : { route: '', option: undefined };
}

function meantBy(rest: string): { readonly route: string; readonly option: OptionName } | undefined {
  const whole = meantOption(rest);
  if (whole !== undefined) return { route: '', option: whole };
  const dot = rest.indexOf('.');
  const route = rest.slice(0, Math.max(dot, 0));
  const option = route === '' ? undefined : meantOption(rest.slice(dot + 1));
  return option === undefined ? undefined : { route, option };
}

/** Also `connection-rate.client` for `connection-rate`, which is no option by itself. */
function meantOption(text: string): OptionName | undefined {
  return didYouMean(text, optionNames) ?? optionNames.find((option) => option.startsWith(`${text}.`));
}

/** The label of an option; `route` is '' for the unnamed route. */
export function labelOf(prefix: string, route: string, option: string): string {
  return route === '' ? `${prefix}.${option}` : `${prefix}.${route}.${option}`;
}

function draftOf(drafts: Map<string, Draft>, route: string): Draft {
  const known = drafts.get(route);
  if (known) return known;
  const draft: Draft = { values: {}, refused: new Set(), labels: [] };
  drafts.set(route, draft);
  return draft;
}

function readOption(draft: Draft, key: string, option: OptionName, text: string, report: Report): void {
  draft.labels.push({ key, option });
  const { schema } = routeOptions[option];
  const refuse = isNeeded(option);
  const consequence = refuse ? 'the route is not served' : 'the default is used';
  const parsed = schema.safeParse(text.trim());
  if (parsed.success) {
    Object.assign(draft.values, { [option]: parsed.data });
    return;
  }
  if (refuse) draft.refused.add(option);
  const rule = parsed.error.issues[0]?.message ?? 'is malformed';
  report(
    key,
    'label-malformed',
    `label ${quoted(key)} ${rule}, not ${quoted(text)}; ${consequence}`,
    'Correct the label.',
  );
}

function toRoutes(drafts: ReadonlyMap<string, Draft>): LabelledRoute[] {
  const unnamed = drafts.get('');
  if (unnamed?.values.enable === false) return [];
  const named = [...drafts].filter(([name]) => name !== '');
  const routes: LabelledRoute[] = [];
  const makesRoute =
    named.length === 0 ||
    optionNames.some((option) => routeOptions[option].makesRoute && unnamed?.values[option] !== undefined);
  if (unnamed && unnamed.refused.size === 0 && makesRoute) routes.push({ name: undefined, values: unnamed.values });
  for (const [name, draft] of named) {
    if (isRefused(draft, unnamed) || draft.values.enable === false) continue;
    routes.push({ name, values: { ...defaultsFrom(unnamed?.values ?? {}), ...draft.values } });
  }
  return routes;
}

/** Whether a mistake forbids the route: its own, or that of a default that the route inherits. */
function isRefused(draft: Draft, unnamed: Draft | undefined): boolean {
  if (draft.refused.size > 0) return true;
  const inherited = [...(unnamed?.refused ?? [])].filter((option) => !routeOptions[option].ownRouteOnly);
  return inherited.some((option) => option === 'enable' || !Object.hasOwn(draft.values, option));
}

/** The defaults for named routes. `enable` is not among them: if it were false, there would be no routes. */
function defaultsFrom({ enable: _enable, ...values }: RouteValues): RouteValues {
  return Object.fromEntries(
    Object.entries(values).filter(([option]) => isOption(option) && !routeOptions[option].ownRouteOnly),
  );
}
