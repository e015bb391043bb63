import { type Problem } from '../catalog/problem.ts';
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
import { labelOf, meantBy, routeName, splitKey } from './label-names.ts';
import { isNeeded, mistypedRoutes, type MistypedRoute, type RouteLabel } from './mistyped-routes.ts';
import { describeRefusal, refusalOf, type TextRefusal } from '../text/refusal.ts';
import { fallbackOf } from '../config/options/option.ts';

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
    else readOption(draftOf(drafts, route), { prefix, route, option }, { key, text: labels[key] ?? '' }, report);
  }
  readMistyped(reading);
  if (more > 0) problems.push(furtherProblems(more, container));
  return { routes: toRoutes(drafts), problems };
}

/** The option that a label sets, and its route; '' for the unnamed one. */
interface OptionLabel {
  readonly prefix: string;
  readonly route: string;
  readonly option: OptionName;
}

/** A label as it is written. */
interface Written {
  readonly key: string;
  readonly text: string;
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
  const label = meant && labelOf(prefix, meant.route, meant.option) + meant.value;
  const hint = label === undefined ? '' : ` (did you mean ${quoted(label)}?)`;
  reportUnknown(report, key, `${hint}${refuse ? '; the route is not served' : ''}`, label);
}

function reportUnknown(report: Report, key: string, more = '', meant?: string): void {
  // What has to be cut or escaped can't be written as it is shown.
  const isPlain = meant !== undefined && printable(meant) === meant;
  const fix = isPlain ? `Write ${meant}.` : 'Correct or remove the label.';
  report(key, 'label-unknown', `unknown label ${quoted(key)}${more}`, fix);
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
    const label = labelOf(prefix, meant[0] ?? '', option);
    const hint = ` (did you mean ${quoted(label)}?)${unserved(own ? [name, ...lost] : lost)}`;
    if (!own) reportUnknown(report, key, hint, label);
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

function draftOf(drafts: Map<string, Draft>, route: string): Draft {
  const known = drafts.get(route);
  if (known) return known;
  const draft: Draft = { values: {}, refused: new Set(), labels: [] };
  drafts.set(route, draft);
  return draft;
}

function readOption(draft: Draft, label: OptionLabel, { key, text }: Written, report: Report): void {
  const { option } = label;
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
  const refusal = refusalOf(parsed.error, text);
  const message = `label ${quoted(key)} ${describeRefusal(refusal, text)}; ${consequence}`;
  report(key, 'label-malformed', message, fixOf(label, refusal));
}

/** Names the labels that were probably meant, each with its value. */
function fixOf({ prefix, route, option }: OptionLabel, { meant, beside }: TextRefusal): string {
  if (meant !== undefined) {
    const labels = Object.entries({ [option]: meant, ...beside });
    return `Write ${labels.map(([name, text]) => `${labelOf(prefix, route, name)}=${text}`).join(' and ')}.`;
  }
  // Removing a label that guards the route would open it.
  if (isNeeded(option)) return 'Correct the label.';
  return `Correct the label, or remove it for the default: ${fallbackOf(routeOptions[option]).replaceAll('`', '')}.`;
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
