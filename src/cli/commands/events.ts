import { ConfigError } from '../../config/config-error.ts';
import { quoted } from '../../text/printable.ts';
import { ServiceArgument } from '../completion/values.ts';
import { clientCommand, settingsOf, type ClientFlags } from './client-command.ts';
import type { DefineCommand } from './define.ts';

export const defineEvents: DefineCommand = (program, finish) => {
  const command = clientCommand(program, 'events', 'show recent events, of all services or of one')
    .addArgument(new ServiceArgument('[service]', 'only events of this service', 'service'))
    .option('-f, --follow', 'also print new events as they happen')
    .option('-n, --lines <number>', 'only the last so many of the recent events')
    .option('--since <id>', 'only events after the one with this id');
  command.action(async (service: string | undefined, flags: ClientFlags) => {
    const { events } = await import('../actions/events.ts');
    const { json = false, follow, lines, since } = flags;
    finish(
      await events(settingsOf(flags), {
        json,
        follow: follow === true,
        service,
        since: typeof since === 'string' ? readId(since) : undefined,
        lines: typeof lines === 'string' ? readLines(lines) : Infinity,
      }),
    );
  });
};

function readId(text: string): number {
  const id = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(id)) return id;
  throw new ConfigError(`--since must be an event's id, as --json shows it, not ${quoted(text)}`);
}

/** Sealane keeps a thousand events. */
function readLines(text: string): number {
  if (/^\d{1,4}$/.test(text) && Number(text) <= 1_000) return Number(text);
  throw new ConfigError(`-n must be a whole number, 0-1000, not ${quoted(text)}`);
}
