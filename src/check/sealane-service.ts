import { basename } from 'node:path';
import type { Variables } from '../compose/interpolate.ts';
import type { SourceLocation } from '../compose/location.ts';
import type { ComposeService } from '../compose/service.ts';
import { ConfigError } from '../config/config-error.ts';
import { suggestion } from '../text/did-you-mean.ts';
import { loadConfig } from '../config/load.ts';
import { mergeSettings, settingNames, type Settings } from '../config/settings.ts';
import { quoted } from '../text/printable.ts';
import type { Finding } from './finding.ts';

/**
 * Finds the service of a compose file that runs Sealane, and reads its settings.
 */
export interface SealaneService {
  readonly service: ComposeService;
  readonly settings: Settings;
  readonly findings: readonly Finding[];
}

/** Whether a service runs Sealane and watches an engine: by its image, its name or its command. */
export function runsSealane(
  { name, image = '', entrypoint, command, labels }: ComposeService,
  prefix: string,
): boolean {
  const words = [...entrypoint, ...command];
  const isNamed = (word: string): boolean => basename(word) === 'sealane';
  const [first = ''] = isNamed(words[0] ?? '') ? words.slice(1) : words;
  // Other commands of the image, such as whoami, do not run the proxy.
  if (first !== '' && first !== 'run' && !first.startsWith('-')) return false;
  if (entrypoint.length > 0) return isNamed(entrypoint[0] ?? '');
  const imageName = basename(image).replace(/[:@].*$/, '');
  return (
    imageName === 'sealane' || (name === 'sealane' && ![...labels.keys()].some((key) => key.startsWith(`${prefix}.`)))
  );
}

export async function readSealane(service: ComposeService, variables: Variables): Promise<SealaneService> {
  const findings: Finding[] = [];
  const { flags, unknown } = flagsOf(service.command);
  const complain = (location: SourceLocation, message: string): void => {
    findings.push({
      code: 'setting-invalid',
      location,
      service: service.name,
      message,
      fix: 'Correct it: Sealane does not start like this.',
    });
  };
  for (const flag of unknown)
    complain(service.commandLocation, `unknown option ${quoted(`--${flag}`)}${suggestion(flag, settingNames)}`);
  // The configuration file that it names is in the container, out of reach.
  const environment = new Map(
    [...service.environment]
      .filter(([key]) => key.startsWith('SEALANE_') && key !== 'SEALANE_CONFIG')
      .map(([key, { text, isNull }]) => [key, isNull ? variables(key) : text]),
  );
  try {
    const { settings } = await loadConfig(flags, Object.fromEntries(environment));
    return { service, settings, findings };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const culprit = [...service.environment].find(([key]) => error.message.includes(key));
    complain(culprit?.[1].keyLocation ?? service.commandLocation, error.message);
    return { service, settings: mergeSettings([]), findings };
  }
}

/** Flags of `run` that are not settings. */
const otherFlags: ReadonlySet<string> = new Set(['config', 'help', 'version']);

function flagsOf(words: readonly string[]): {
  readonly flags: Record<string, string>;
  readonly unknown: readonly string[];
} {
  const flags: Record<string, string> = {};
  const unknown: string[] = [];
  for (const [index, word] of words.entries()) {
    const match = /^--([a-z-]+)(?:=(.*))?$/s.exec(word);
    const [, name = '', value = words[index + 1] ?? ''] = match ?? [];
    if (!match || otherFlags.has(name)) continue;
    if (settingNames.some((one) => one === name)) flags[name] = value;
    else unknown.push(name);
  }
  return { flags, unknown };
}
