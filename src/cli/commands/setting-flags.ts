import { Option, type Command } from 'commander';
import { settingDoc, type SettingName } from '../../config/settings.ts';

/**
 * Settings as flags of a command.
 */

/** Flags by the names people type; commander would make camel case of them. */
export type Typed = Readonly<Record<string, string>>;

export function addSettings(command: Command, names: readonly SettingName[]): void {
  for (const name of names) {
    const { description, fallback } = settingDoc(name);
    command.addOption(
      new Option(`--${name} <${valueName(name)}>`, `${description} (default: ${fallback})`.replaceAll('`', '')),
    );
  }
}

/** `auto|stream|splice` where the words that may be written are known: for people, and for their shells to complete. */
function valueName(name: SettingName): string {
  const { value } = settingDoc(name);
  const words = /^(?:`[a-z0-9-]+`(?:, )?)+$/.test(value)
    ? [...value.matchAll(/`([a-z0-9-]+)`/g)].map(([, word]) => word)
    : [];
  if (words.length > 0) return words.join('|');
  if (name === 'docker') return 'url';
  return name === 'bind' ? 'ip' : name === 'admin-socket' ? 'path' : 'value';
}

/** commander turns `--log-level` into `logLevel`; our names are as typed. */
export function kebab(flags: Typed): Record<string, string> {
  return Object.fromEntries(
    Object.entries(flags).map(([name, value]) => [
      name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`),
      value,
    ]),
  );
}
