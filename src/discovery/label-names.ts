import { isOption, optionNames, type OptionName } from '../config/options/route-options.ts';
import { didYouMean } from '../text/did-you-mean.ts';

/**
 * Reads and writes the names of labels: `sealane.<option>` and `sealane.<route>.<option>`. Pure.
 */
export const routeName = /^[a-z0-9-]+$/;

/**
 * Splits `listen`, `web.listen`, `health.interval` or `web.health.interval`; the option is undefined when it is
 * unknown.
 */
export function splitKey(rest: string): { readonly route: string; readonly option: OptionName | undefined } {
  if (isOption(rest)) return { route: '', option: rest };
  const dot = rest.indexOf('.');
  const route = rest.slice(0, Math.max(dot, 0));
  const option = rest.slice(dot + 1);
  const isRoute = routeName.test(route) && !isOption(route);
  return isRoute && isOption(option) ? { route, option } : { route: '', option: undefined };
}

interface MeantLabel {
  readonly route: string;
  readonly option: OptionName;
  /** `=` and the value, where both are written in the name of the label; else ''. */
  readonly value: string;
}

/**
 * The label that was probably meant. In a list, `sealane.host: x` is a name without a value, as compose reads it:
 * `sealane.host=x` was meant.
 */
export function meantBy(rest: string): MeantLabel | undefined {
  const [, name = rest, text] = /^([^\s:]+)\s*:\s*(.*)$/s.exec(rest) ?? [];
  const value = text === undefined ? '' : `=${text}`;
  const { route, option } = splitKey(name);
  if (option !== undefined) return { route, option, value };
  const whole = meantOption(name);
  const dot = name.indexOf('.');
  const ofRoute = name.slice(0, Math.max(dot, 0));
  const close = ofRoute === '' ? undefined : meantOption(name.slice(dot + 1));
  // `a.prot` is close to `port`, and closer to `a.port`.
  const isRoute = close !== undefined && (!whole || didYouMean(name, [whole, `${ofRoute}.${close}`]) !== whole);
  if (isRoute) return { route: ofRoute, option: close, value };
  if (whole !== undefined) return { route: '', option: whole, value };
  const transposed = transposedIn(name);
  return transposed && { ...transposed, value };
}

/** `allow.web` where `web.allow` is meant. */
function transposedIn(name: string): Omit<MeantLabel, 'value'> | undefined {
  const dot = name.lastIndexOf('.');
  const [option, route] = [name.slice(0, Math.max(dot, 0)), name.slice(dot + 1)];
  return isOption(option) && routeName.test(route) ? { route, option } : undefined;
}

/** Also `connection-rate.client` for `connection-rate`, which is no option by itself. */
function meantOption(text: string): OptionName | undefined {
  return didYouMean(text, optionNames) ?? optionNames.find((option) => option.startsWith(`${text}.`));
}

/** The label of an option; `route` is '' for the unnamed route. */
export function labelOf(prefix: string, route: string, option: string): string {
  return route === '' ? `${prefix}.${option}` : `${prefix}.${route}.${option}`;
}
