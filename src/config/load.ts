import { printable, quoted } from '../text/printable.ts';
import { ConfigError } from './config-error.ts';
import { suggestion } from '../text/did-you-mean.ts';
import { readConfigFile, type ConfigFile } from './file.ts';
import {
  environmentName,
  mergeSettings,
  settingNames,
  settingsSchemas,
  type SettingName,
  type Settings,
} from './settings.ts';

/**
 * Merges the settings: flags override the environment, which overrides the file, which overrides the defaults. Every
 * error names the source of its value.
 */
interface Loaded {
  readonly settings: Settings;
  /** Undefined when no file is configured. */
  readonly file: ConfigFile | undefined;
}

export type Flags = { readonly [K in SettingName]?: string };

/** @throws ConfigError in one line, naming the flag, variable, or file and line at fault */
export async function loadConfig(
  flags: Flags & { readonly config?: string },
  environment: NodeJS.ProcessEnv,
): Promise<Loaded> {
  const path = flags.config ?? environment['SEALANE_CONFIG'];
  const fromFlags = readLayer(
    (name) => flags[name],
    (name) => `--${name}`,
  );
  const fromEnvironment = readLayer((name) => environment[environmentName(name)], environmentName);
  checkEnvironment(environment);
  const file = path === undefined ? undefined : await readConfigFile(path);
  return { settings: mergeSettings([fromFlags, fromEnvironment, file?.settings ?? {}]), file };
}

function readLayer(
  read: (name: SettingName) => string | undefined,
  label: (name: SettingName) => string,
): Partial<Settings> {
  const layer: Record<string, unknown> = {};
  for (const name of settingNames) {
    const text = read(name);
    // An empty variable, which compose files make of `${UNSET:-}`, counts as unset.
    if (text === undefined || text === '') continue;
    const parsed = settingsSchemas[name].safeParse(text);
    if (!parsed.success)
      throw new ConfigError(`${label(name)} ${parsed.error.issues[0]?.message}, not ${quoted(text)}`);
    layer[name] = parsed.data;
  }
  return layer;
}

function checkEnvironment(environment: NodeJS.ProcessEnv): void {
  const known = ['SEALANE_CONFIG', ...settingNames.map(environmentName)];
  for (const name of Object.keys(environment)) {
    if (!name.startsWith('SEALANE_') || known.includes(name)) continue;
    // Unknown names are errors only if they are close to a known one: Docker links and Kubernetes put variables such as
    // SEALANE_PORT_80_TCP into the environment of other containers.
    const meant = suggestion(name, known);
    if (meant !== '') throw new ConfigError(`unknown environment variable ${printable(name)}${meant}`);
  }
}
