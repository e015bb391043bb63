import { Option, type Command } from 'commander';
import { fallbackOf } from '../../config/options/option.ts';
import { routeOptions, staticOptionNames, type OptionName } from '../../config/options/route-options.ts';
import { gather } from '../../config/repeated.ts';
import { wordsOf } from '../../config/settings.ts';
import { choiceOption } from '../completion/values.ts';

/**
 * Makes flags out of the options of a route, for the commands that relay to endpoints.
 */
export function addRouteOptions(command: Command, condition = ''): void {
  command.addOption(new Option('--listen <[address:]port>', `${condition}where to listen (default: a free port)`));
  for (const name of staticOptionNames) command.addOption(flagOf(name, condition));
}

function flagOf(name: OptionName, condition: string): Option {
  const option = routeOptions[name];
  const description = option.description.replaceAll('`', '');
  const text = `${condition}${description} (default: ${fallbackOf(option).replaceAll('`', '')})`;
  const words = wordsOf(option.schema);
  if (words) return choiceOption(`--${name}`, words, text);
  const flag = new Option(`--${name} <${/^[\w-]+$/.test(option.value) ? option.value : 'value'}>`, text);
  return option.list ? flag.argParser(gather) : flag;
}
