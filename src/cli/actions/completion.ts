import type { Command } from 'commander';
import { ConfigError } from '../../config/config-error.ts';
import { quoted } from '../../text/printable.ts';
import { createClient } from '../client/client.ts';
import { readEndpoint } from '../client/endpoint.ts';
import { bashCompletion } from '../completion/bash.ts';
import { fishCompletion } from '../completion/fish.ts';
import { modelOf, shells, type Shell } from '../completion/model.ts';
import { zshCompletion } from '../completion/zsh.ts';

/**
 * `sealane completion bash|zsh|fish`: prints a script with which that shell completes the command line.
 */
const writers = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion } as const;

export async function completion(shell: string, program: Command): Promise<number> {
  // The printed scripts run these at each press of Tab.
  if (shell === 'services' || shell === 'upstreams') return printNames(shell);
  if (!isShell(shell)) throw new ConfigError(`completion supports ${shells.join(', ')}, not ${quoted(shell)}`);
  process.stdout.write(writers[shell](modelOf(program)));
  return 0;
}

/** Prints no names and no error when no Sealane answers: output would disturb the command line being typed. */
async function printNames(kind: 'services' | 'upstreams'): Promise<number> {
  try {
    const client = createClient(await readEndpoint({}, process.env));
    const { services } = await client.services();
    const named = kind === 'services' ? services : services.flatMap(({ upstreams }) => upstreams);
    // Names that a shell would split or expand are not proposed.
    for (const { name } of named) if (/^[A-Za-z0-9_.:/-]+$/.test(name)) process.stdout.write(`${name}\n`);
    return 0;
  } catch {
    return 1;
  }
}

function isShell(text: string): text is Shell {
  return shells.some((shell) => shell === text);
}
