import type { Command } from 'commander';
import type { SettingName } from '../../config/settings.ts';
import { configFileOption } from '../completion/values.ts';
import { addSettings, kebab } from './setting-flags.ts';

/**
 * The options that all client commands share: the settings that say where the running Sealane is, and `--json`.
 */
const settings: readonly SettingName[] = ['admin', 'admin-socket', 'admin-token'];

export interface ClientFlags {
  readonly [name: string]: string | boolean | undefined;
  readonly json?: boolean;
}

export function clientCommand(program: Command, name: string, description: string): Command {
  const command = program.command(name).description(description).option('--json', 'print JSON');
  addSettings(command, settings);
  return command.addOption(configFileOption('YAML file with settings'));
}

/** The flags that are settings, or that name the configuration file. */
export function settingsOf(flags: ClientFlags): Record<string, string> {
  const texts: Record<string, string> = {};
  for (const [name, value] of Object.entries(kebab(flags as Record<string, string>))) {
    if ((name === 'config' || settings.some((one) => one === name)) && typeof value === 'string') texts[name] = value;
  }
  return texts;
}
