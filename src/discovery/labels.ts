import { type Problem } from '../catalog/problem.ts';
import { didYouMean } from '../text/did-you-mean.ts';
import {
  isOption,
  optionNames,
  routeOptions,
  type OptionName,
  type RouteValues,
} from '../config/options/route-options.ts';
import { plural } from '../text/plural.ts';
import { printable, quoted } from '../text/printable.ts';

/**
 * Reads the labels of one container into routes. Pure. A mistake becomes a problem and affects only its own route.
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
  const report = (label: string, code: Problem['code'], message: string, fix: string): void => {
    if (problems.length >= mostProblems) more += 1;
    else problems.push({ code, subject: printable(container.name), containerId: container.id, label, message, fix });
  };
  for (const key of Object.keys(labels).toSorted()) {
    if (!key.startsWith(`${prefix}.`)) continue;
    const { route, option } = splitKey(key.slice(prefix.length + 1));
    if (option === undefined) {
      const meant = meantBy(key.slice(prefix.length + 1));
      const refuse = meant !== undefined && routeOptions[meant.option].onMistake === 'refuse';
      if (refuse) draftOf(drafts, meant.route).refused.add(meant.option);
      const hint = meant ? ` (did you mean "${labelOf(prefix, meant.route, meant.option)}"?)` : '';
      const consequence = refuse ? '; the route is not served' : '';
      report(key, 'label-unknown', `unknown label ${quoted(key)}${hint}${consequence}`, 'Correct or remove the label.');
      continue;
    }
    readOption(draftOf(drafts, route), key, option, labels[key] ?? '', report);
  }
  if (more > 0) problems.push(furtherProblems(more, container));
  return { routes: toRoutes(drafts), problems };
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
  const option = routeName.test(route) ? meantOption(rest.slice(dot + 1)) : undefined;
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
  const draft: Draft = { values: {}, refused: new Set() };
  drafts.set(route, draft);
  return draft;
}

function readOption(
  draft: Draft,
  key: string,
  option: OptionName,
  text: string,
  report: (label: string, code: Problem['code'], message: string, fix: string) => void,
): void {
  const { schema, onMistake } = routeOptions[option];
  const refuse = onMistake === 'refuse';
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
