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
 * Brings the settings together: flags over environment over file over defaults. Every complaint names the place that
 * the value came from.
 */
interface Loaded {
  readonly settings: Settings;
  /** Undefined when no file was named. */
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
    // An empty variable, as compose files make of `${UNSET:-}`, means unset.
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
    // Docker links and Kubernetes put SEALANE_PORT_80_TCP and the like into every neighbour's environment.
    const meant = suggestion(name, known);
    if (meant !== '') throw new ConfigError(`unknown environment variable ${printable(name)}${meant}`);
  }
}
