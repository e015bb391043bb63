import { suggestion } from '../text/did-you-mean.ts';
import { printable } from '../text/printable.ts';
import { complaint } from '../text/refusal.ts';
import { ConfigError } from './config-error.ts';
import type { ConfigFile, GivesNames } from './file.ts';
import { namesRulesOf } from './names/settings.ts';
import {
  defaultVariable,
  environmentName,
  mergeSettings,
  settingNames,
  settingsSchemas,
  type SettingName,
  type Settings,
} from './settings.ts';

/**
 * Merges the settings: flags override the environment, which overrides the file, which overrides the defaults, of which
 * an image may have its own (`SEALANE_DEFAULT_…`). Every error names the source of its value.
 */
interface Loaded {
  readonly settings: Settings;
  /** Undefined when no file is configured. */
  readonly file: ConfigFile | undefined;
}

export type Flags = { readonly [K in SettingName]?: string };

/** A flag or a variable that is unknown, or has a value that its setting refuses. */
interface SettingMistake {
  /** The name of the flag, with its dashes, or of the variable. */
  readonly source: string;
  /** What is wrong: the name, which no setting has, or its value. */
  readonly part: 'name' | 'value';
  /** One line, safe to print. */
  readonly message: string;
}

/** Settings from flags and the environment, the strongest layer first, without those that have mistakes. */
interface Given {
  readonly layers: readonly Partial<Settings>[];
  /** The image's own defaults, which are weaker than the file. */
  readonly fromImage: Partial<Settings>;
  readonly mistakes: readonly SettingMistake[];
}

/** @throws ConfigError with a line for each mistake, naming the flag, variable, or file and line at fault */
export async function loadConfig(
  flags: Flags & { readonly config?: string },
  environment: NodeJS.ProcessEnv,
): Promise<Loaded> {
  const path = flags.config ?? environment['SEALANE_CONFIG'];
  const { layers, fromImage, mistakes } = readGiven(flags, environment);
  if (mistakes.length > 0) throw new ConfigError(mistakes.map(({ message }) => message));
  const merged = (ofFile: Partial<Settings>): Settings => mergeSettings([...layers, ofFile, fromImage]);
  const givesNames: GivesNames = (ofFile) => namesRulesOf(merged(ofFile)) !== undefined;
  const file = path === undefined ? undefined : await readFileAt(path, givesNames);
  return { settings: merged(file?.settings ?? {}), file };
}

/** The parser of YAML is loaded only where there is a file. */
async function readFileAt(path: string, givesNames: GivesNames): Promise<ConfigFile> {
  const { readConfigFile } = await import('./file.ts');
  return readConfigFile(path, givesNames);
}

/** Reads what flags and the environment say, and finds all mistakes in them. */
export function readGiven(flags: Flags, environment: NodeJS.ProcessEnv): Given {
  const mistakes: SettingMistake[] = [];
  const fromFlags = readLayer((name) => ({ source: `--${name}`, text: flags[name] }), mistakes);
  const variables = (sourceOf: (name: SettingName) => string): Partial<Settings> =>
    readLayer((name) => ({ source: sourceOf(name), text: environment[sourceOf(name)] }), mistakes);
  const fromEnvironment = variables(environmentName);
  const fromImage = variables(defaultVariable);
  mistakes.push(...unknownVariables(environment));
  return { layers: [fromFlags, fromEnvironment], fromImage, mistakes };
}

function readLayer(
  read: (name: SettingName) => { readonly source: string; readonly text: string | undefined },
  mistakes: SettingMistake[],
): Partial<Settings> {
  const layer: Record<string, unknown> = {};
  for (const name of settingNames) {
    const { source, text } = read(name);
    // An empty variable, which compose files make of `${UNSET:-}`, counts as unset.
    if (text === undefined || text === '') continue;
    const parsed = settingsSchemas[name].safeParse(text);
    if (parsed.success) layer[name] = parsed.data;
    else mistakes.push({ source, part: 'value', message: `${source} ${complaint(parsed.error, text)}` });
  }
  return layer;
}

function unknownVariables(environment: NodeJS.ProcessEnv): SettingMistake[] {
  const known = ['SEALANE_CONFIG', ...settingNames.flatMap((name) => [environmentName(name), defaultVariable(name)])];
  return Object.keys(environment).flatMap((name) => {
    if (!name.startsWith('SEALANE_') || known.includes(name)) return [];
    // Unknown names are errors only if they are close to a known one: Docker links and Kubernetes put variables such as
    // SEALANE_PORT_80_TCP into the environment of other containers.
    const meant = suggestion(name, known);
    return meant === ''
      ? []
      : { source: name, part: 'name', message: `unknown environment variable ${printable(name)}${meant}` };
  });
}
