import { isLabelled } from './is-labelled.ts';
import { basename } from 'node:path';
import type { Variables } from '../compose/interpolate.ts';
import type { SourceLocation } from '../compose/location.ts';
import type { ComposeService } from '../compose/service.ts';
import { suggestion } from '../text/did-you-mean.ts';
import { readGiven } from '../config/load.ts';
import { gather, givenTwice } from '../config/repeated.ts';
import { mergeSettings, settingDoc, settingNames, type SettingName, type Settings } from '../config/settings.ts';
import { printable, quoted } from '../text/printable.ts';
import type { Finding } from './finding.ts';

/**
 * Finds the service of a compose file that runs Sealane, and reads its settings.
 */
export interface SealaneService {
  readonly service: ComposeService;
  /** The settings of flags and variables, without those that are wrong. */
  readonly settings: Settings;
  /** Whether there is a configuration file, which may have other settings. */
  readonly usesFile: boolean;
  /** The variables DOCKER_HOST and DOCKER_CONTEXT. */
  readonly dockerHost: string | undefined;
  readonly dockerContext: string | undefined;
  readonly findings: readonly Finding[];
}

/** Whether a service runs Sealane and watches an engine: by its image, its name or its command. */
export function runsSealane(service: ComposeService, prefix: string): boolean {
  const { name, image = '', entrypoint, command } = service;
  const words = [...entrypoint, ...command].map(({ text }) => text);
  const isNamed = (word: string): boolean => basename(word) === 'sealane';
  const [first = ''] = isNamed(words[0] ?? '') ? words.slice(1) : words;
  // Other commands of the image, such as whoami, do not run the proxy.
  if (first !== '' && first !== 'run' && !first.startsWith('-')) return false;
  if (entrypoint.length > 0) return isNamed(entrypoint[0]?.text ?? '');
  const imageName = basename(image).replace(/[:@].*$/, '');
  return imageName === 'sealane' || (name === 'sealane' && !isLabelled(service, prefix));
}

export function readSealane(service: ComposeService, variables: Variables): SealaneService {
  const { flags, locations, findings } = readFlags(service);
  const environment = new Map(
    [...service.environment].map(([key, { text, isNull }]) => [key, isNull ? variables(key) : text]),
  );
  // The configuration file is in the container, out of reach.
  const usesFile = locations.has('--config') || (environment.get('SEALANE_CONFIG') ?? '') !== '';
  const { layers, mistakes } = readGiven(flags, Object.fromEntries(environment));
  const ofValues = mistakes.map(({ source, part, message }) => {
    const { valueLocation, keyLocation } = service.environment.get(source) ?? {};
    const location = (part === 'name' ? keyLocation : valueLocation) ?? locations.get(source) ?? service.location;
    return settingInvalid(service, location, message);
  });
  return {
    service,
    settings: mergeSettings(layers),
    usesFile,
    dockerHost: environment.get('DOCKER_HOST') || undefined,
    dockerContext: environment.get('DOCKER_CONTEXT') || undefined,
    findings: [...findings, ...ofValues, ...colonInList(service)],
  };
}

function settingInvalid(service: ComposeService, location: SourceLocation, message: string): Finding {
  const fix = 'Correct it: Sealane does not start like this.';
  return { code: 'setting-invalid', location, service: service.name, message, fix };
}

/** In a list, `- SEALANE_SCOPE: project` in quotes is the name of a variable without a value, which compose drops. */
function colonInList(service: ComposeService): Finding[] {
  return [...service.environment].flatMap(([key, { keyLocation }]): Finding[] => {
    const [, name = '', value = ''] = /^(SEALANE_[A-Z_]+)\s*:\s*(.*)$/s.exec(key) ?? [];
    if (name === '') return [];
    const message = `variable ${quoted(key)} has no value: it is not set`;
    const fix = `Write ${printable(`${name}=${value}`)}.`;
    return [{ code: 'setting-invalid', location: keyLocation, service: service.name, message, fix }];
  });
}

/** Flags of `run` that are not settings. */
const otherFlags: ReadonlySet<string> = new Set(['config', 'help', 'version']);

interface FlagReading {
  readonly flags: Readonly<Record<string, string>>;
  /** Where the value of each flag is written, by the flag's name with its dashes. */
  readonly locations: ReadonlyMap<string, SourceLocation>;
  readonly findings: readonly Finding[];
}

function readFlags(service: ComposeService): FlagReading {
  const flags: Record<string, string> = {};
  const locations = new Map<string, SourceLocation>();
  const findings: Finding[] = [];
  for (const [index, word] of service.command.entries()) {
    const [flag, name = '', written] = /^--([a-z-]+)(?:=(.*))?$/s.exec(word.text) ?? [];
    if (flag === undefined) continue;
    const complain = (message: string): unknown => findings.push(settingInvalid(service, word.location, message));
    const setting = settingNames.find((one) => one === name);
    if (!setting && !otherFlags.has(name)) {
      complain(`unknown option ${quoted(`--${name}`)}${suggestion(name, [...settingNames, 'config'])}`);
      continue;
    }
    const next = written === undefined ? service.command[index + 1] : { text: written, location: word.location };
    if (locations.has(`--${name}`) && !isList(setting)) complain(givenTwice(`--${name}`));
    locations.set(`--${name}`, next?.location ?? word.location);
    if (setting && next) flags[setting] = isList(setting) ? gather(next.text, flags[setting]) : next.text;
    else if (setting) complain(`--${name} has no value`);
  }
  return { flags, locations, findings };
}

function isList(setting: SettingName | undefined): boolean {
  return setting !== undefined && settingDoc(setting).list;
}
