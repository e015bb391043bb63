import { ConfigError } from '../../config/config-error.ts';
import { quoted } from '../../text/printable.ts';
import { clientCommand, settingsOf, type ClientFlags } from './client-command.ts';
import type { DefineCommand } from './define.ts';

export const defineEvents: DefineCommand = (program, finish) => {
  const command = clientCommand(program, 'events', 'show recent events')
    .option('-f, --follow', 'also print new events as they happen')
    .option('--since <id>', 'only events after the one with this id');
  command.action(async (flags: ClientFlags) => {
    const { events } = await import('../actions/events.ts');
    const since = typeof flags['since'] === 'string' ? readId(flags['since']) : undefined;
    finish(await events(settingsOf(flags), { json: flags.json ?? false, follow: flags['follow'] === true, since }));
  });
};

function readId(text: string): number {
  const id = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(id)) return id;
  throw new ConfigError(`--since must be an event's id, as --json shows it, not ${quoted(text)}`);
}
