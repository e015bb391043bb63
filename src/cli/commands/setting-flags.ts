import { Option, type Command } from 'commander';
import { gather } from '../../config/repeated.ts';
import { settingChoices, settingDoc, type SettingName } from '../../config/settings.ts';
import { choiceOption, FileOption } from '../completion/values.ts';

/**
 * Makes flags of a command out of settings.
 */

/** The values of the flags, by the camel-case names that commander makes: `logLevel` for `--log-level`. */
export type TypedFlags = Readonly<Record<string, string>>;

/** `fallbacks`: the defaults of the command where it has others. */
export function addSettings(
  command: Command,
  names: readonly SettingName[],
  fallbacks: Partial<Readonly<Record<SettingName, string>>> = {},
): void {
  for (const name of names) {
    const { description, fallback: usual, list } = settingDoc(name);
    const fallback = fallbacks[name] ?? usual;
    const text = `${description} (default: ${fallback})`.replaceAll('`', '');
    const words = settingChoices(name);
    const option = words
      ? choiceOption(`--${name}`, words, text)
      : name === 'admin-socket'
        ? new FileOption(`--${name} <path>`, text)
        : new Option(`--${name} <${valueName(name)}>`, text);
    command.addOption(list ? option.argParser(gather) : option);
  }
}

/** The placeholder for the value in the help. */
function valueName(name: SettingName): string {
  if (name === 'docker') return 'engine';
  return name === 'bind' ? 'ip' : 'value';
}

/** The flags by the names that users type, e.g. `log-level`. */
export function kebab(flags: TypedFlags): Record<string, string> {
  return Object.fromEntries(
    Object.entries(flags).map(([name, value]) => [
      name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`),
      value,
    ]),
  );
}
