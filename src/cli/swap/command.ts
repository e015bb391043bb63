import type { Command } from 'commander';
import { parseAddress, type Address } from '../../address/address.ts';
import { ConfigError } from '../../config/config-error.ts';
import { parseDuration } from '../../text/duration.ts';
import { quoted } from '../../text/printable.ts';
import { ServiceArgument } from '../completion/values.ts';
import { clientCommand, settingsOf, type ClientFlags } from '../commands/client-command.ts';
import type { DefineCommand } from '../commands/define.ts';
import { addSettings } from '../commands/setting-flags.ts';

interface SwapFlags extends ClientFlags {
  readonly share: string;
  readonly for?: string;
  readonly docker?: string;
  readonly drain?: boolean;
  readonly strict?: boolean;
  readonly env?: boolean;
  readonly back?: boolean;
}

export const defineSwap: DefineCommand = (program, finish) => {
  const command = clientCommand(
    program,
    'swap',
    "send a service's new sessions to a process on this machine until the command ends",
  );
  command
    .usage('[options] <service> [host:port] [-- command …]')
    .addArgument(new ServiceArgument('<service>', 'its name', 'service'))
    .argument('[words...]', 'the address of the process, such as localhost:3000, and after -- a command to start it')
    .option('--share <percent>', 'the share of new sessions', '100%')
    .option('--drain', "also close the sessions that began before, once their upstream's drain time is over")
    .option('--strict', 'hold clients while the process does not answer, instead of sending them to the containers')
    .option('--for <duration>', 'leave the swap behind for so long, and end the command at once')
    .option('--env', "give the command the environment of the service's container")
    .option('--back', 'end the swap of the service');
  addSettings(command, ['docker']);
  command.action(async (service: string, words: readonly string[], flags: SwapFlags, self: Command) => {
    const options = readOptions(words, commandOf(self, words), flags);
    const { swap } = await import('../actions/swap.ts');
    const settings = { ...settingsOf(flags), ...(flags.docker !== undefined && { docker: flags.docker }) };
    finish(await swap(service, settings, options));
  });
};

/** The words after `--`. */
function commandOf(self: Command, words: readonly string[]): readonly string[] {
  const raw = (self.parent as (Command & { readonly rawArgs: readonly string[] }) | null)?.rawArgs ?? [];
  const at = raw.indexOf('--');
  return at < 0 ? [] : words.slice(words.length - (raw.length - at - 1));
}

function readOptions(words: readonly string[], command: readonly string[], flags: SwapFlags) {
  const [text, ...others] = words.slice(0, words.length - command.length);
  if (others.length > 0) throw new ConfigError(`put -- before the command: … -- ${others.join(' ')}`);
  const percent = readShare(flags.share);
  const { drain = false, strict = false, env: environment = false, back = false, json = false } = flags;
  const forMs = flags.for === undefined ? undefined : readTime(flags.for);
  if (strict && percent < 100) throw new ConfigError('--strict needs the whole service: leave --share out');
  if (forMs !== undefined && command.length > 0)
    throw new ConfigError('--for is for a swap without a command, which ends the swap when it ends');
  if (environment && command.length === 0) throw new ConfigError('--env needs a command after --');
  if (back && (text !== undefined || command.length > 0))
    throw new ConfigError('--back takes the name of a service only');
  const address = text === undefined ? undefined : readAddress(text);
  if (!address && command.length === 0 && !back)
    throw new ConfigError('name the address of the process, such as localhost:3000, or a command after --');
  return { address, percent, strict, drain, forMs, environment, back, command, json };
}

function readAddress(text: string): Address {
  const address = parseAddress(/^:?\d+$/.test(text) ? `localhost:${text.replace(':', '')}` : text.toLowerCase());
  if (address && address.port > 0) return address;
  throw new ConfigError(`the address of the process must be HOST:PORT, such as localhost:3000, not ${quoted(text)}`);
}

function readShare(text: string): number {
  const percent = Number(/^(\d{1,3})%?$/.exec(text)?.[1]);
  if (percent >= 1 && percent <= 100) return percent;
  throw new ConfigError(`--share must be a percentage from 1% to 100%, not ${quoted(text)}`);
}

const longestMs = 7 * 24 * 3_600_000;

function readTime(text: string): number {
  const ms = parseDuration(text);
  if (ms !== undefined && ms >= 1_000 && ms <= longestMs) return ms;
  throw new ConfigError(`--for must be a duration from 1s to 168h, such as 1h, not ${quoted(text)}`);
}
