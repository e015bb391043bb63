import { type Problem } from '../catalog/problem.ts';
import { suggestion } from '../config/did-you-mean.ts';
import {
  isOption,
  routeOptions,
  routeOptionSchemas,
  type OptionName,
  type RouteValues,
} from '../config/route-options.ts';
import { printable, quoted } from '../telemetry/printable.ts';

/**
 * Reads the labels of one container into routes. Pure; a mistake becomes a problem and never reaches beyond its route.
 */
export interface LabelledRoute {
  /** Undefined for the route written without a name. */
  readonly name: string | undefined;
  readonly values: RouteValues;
}

export interface LabelReading {
  readonly routes: readonly LabelledRoute[];
  readonly problems: readonly Problem[];
}

type Values = { -readonly [K in keyof RouteValues]: RouteValues[K] };

interface Draft {
  readonly values: Values;
  refused: boolean;
}

/** Options that make a route of their own; all others, written without a route's name, are defaults for named routes. */
const routeMakers = ['listen', 'port'] as const;
const routeName = /^[a-z0-9-]+$/;

export function readLabels(
  labels: Readonly<Record<string, string>>,
  prefix: string,
  container: { readonly id: string; readonly name: string },
): LabelReading {
  const problems: Problem[] = [];
  const drafts = new Map<string, Draft>();
  const report = (label: string, code: Problem['code'], message: string, fix: string): void => {
    problems.push({ code, subject: printable(container.name), containerId: container.id, label, message, fix });
  };
  for (const key of Object.keys(labels).toSorted()) {
    if (!key.startsWith(`${prefix}.`)) continue;
    const { route, option } = splitKey(key.slice(prefix.length + 1));
    if (option === undefined) {
      report(
        key,
        'label-unknown',
        `unknown label ${quoted(key)}${suggestLabel(key, prefix)}`,
        'Correct or remove the label.',
      );
      continue;
    }
    readOption(draftOf(drafts, route), key, option, labels[key] ?? '', report);
  }
  return { routes: toRoutes(drafts), problems };
}

/** `listen`, `web.listen`, `health.interval`, `web.health.interval`; no option when it is none of ours. */
function splitKey(rest: string): { readonly route: string; readonly option: OptionName | undefined } {
  if (isOption(rest)) return { route: '', option: rest };
  const dot = rest.indexOf('.');
  const route = rest.slice(0, Math.max(dot, 0));
  const option = rest.slice(dot + 1);
  const fits = routeName.test(route) && !isOption(route) && isOption(option);
  return fits ? { route, option } : { route: '', option: undefined };
}

function suggestLabel(key: string, prefix: string): string {
  const rest = key.slice(prefix.length + 1);
  const names = Object.keys(routeOptions);
  const whole = suggestion(rest, names).replace('"', `"${prefix}.`);
  const dot = rest.indexOf('.');
  const route = rest.slice(0, Math.max(dot, 0));
  if (whole !== '' || !routeName.test(route)) return whole;
  return suggestion(rest.slice(dot + 1), names).replace('"', `"${prefix}.${route}.`);
}

function draftOf(drafts: Map<string, Draft>, route: string): Draft {
  const known = drafts.get(route);
  if (known) return known;
  const draft: Draft = { values: {}, refused: false };
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
  const refuse = routeOptions[option]?.onMistake === 'refuse';
  const consequence = refuse ? 'the route is not served' : 'the default is used';
  const parsed = routeOptionSchemas[option].safeParse(text.trim());
  if (parsed.success) {
    Object.assign(draft.values, { [option]: parsed.data });
    return;
  }
  draft.refused ||= refuse;
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
  if (
    unnamed?.values.enable === false ||
    (unnamed?.refused && unnamed.values.enable === undefined && drafts.size === 1)
  ) {
    return [];
  }
  const named = [...drafts].filter(([name]) => name !== '');
  const routes: LabelledRoute[] = [];
  const makesRoute = named.length === 0 || routeMakers.some((option) => unnamed?.values[option] !== undefined);
  if (unnamed && !unnamed.refused && makesRoute) routes.push({ name: undefined, values: unnamed.values });
  for (const [name, draft] of named) {
    if (draft.refused || draft.values.enable === false) continue;
    routes.push({ name, values: { ...defaultsFrom(unnamed?.values), ...draft.values } });
  }
  return routes;
}

function defaultsFrom(values: RouteValues | undefined): RouteValues {
  const { enable: _enable, listen: _listen, port: _port, pool: _pool, ...defaults } = values ?? {};
  return defaults;
}
