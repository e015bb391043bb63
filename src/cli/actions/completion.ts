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
  // The scripts ask for the services at each press of Tab.
  if (shell === 'services') return printServices();
  if (!isShell(shell)) throw new ConfigError(`completion is there for ${shells.join(', ')}, not for ${quoted(shell)}`);
  process.stdout.write(writers[shell](modelOf(program)));
  return 0;
}

/** Prints nothing, and no error, when no Sealane answers: a line that is being written must not be disturbed. */
async function printServices(): Promise<number> {
  try {
    const client = createClient(await readEndpoint({}, process.env));
    const { services } = await client.services();
    // A name that a shell would take apart is not proposed.
    for (const { name } of services) if (/^[A-Za-z0-9_.:/-]+$/.test(name)) process.stdout.write(`${name}\n`);
    return 0;
  } catch {
    return 1;
  }
}

function isShell(text: string): text is Shell {
  return shells.some((shell) => shell === text);
}
