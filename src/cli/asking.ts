import type { Command } from 'commander';
import { ConfigError } from '../config/config-error.ts';
import type { SettingName } from '../config/settings.ts';
import { quoted } from '../text/printable.ts';
import { addSettings, kebab } from './setting-flags.ts';

/**
 * The commands that ask a running Sealane.
 */
const whereToAsk: readonly SettingName[] = ['admin', 'admin-socket', 'admin-token'];

interface AskingFlags {
  readonly [name: string]: string | boolean | undefined;
  readonly json?: boolean;
}

export function addAsking(program: Command, finish: (code: number) => void): void {
  const healthCommand = program
    .command('health')
    .description('ask a running Sealane whether it is ready (exit 0) or not (1)');
  addSettings(healthCommand, ['admin', 'admin-socket']);
  healthCommand.option('--config <file>', 'YAML file with settings');
  healthCommand.action(async (flags: Readonly<Record<string, string>>) => {
    const { health } = await import('./commands/health.ts');
    finish(await health(kebab(flags)));
  });

  asking(program, 'status', 'show what a running Sealane serves, and what is wrong').action(
    async (flags: AskingFlags) => {
      const { status } = await import('./commands/status.ts');
      finish(await status(settingsOf(flags), { json: flags.json ?? false }));
    },
  );

  asking(program, 'why', 'say why a service can be reached or not (exit 1), and what to do')
    .argument('<subject>', 'a service, a container, or a port')
    .action(async (subject: string, flags: AskingFlags) => {
      const { why } = await import('./commands/why.ts');
      finish(await why(subject, settingsOf(flags), { json: flags.json ?? false }));
    });

  asking(program, 'top', 'watch services, upstreams, rates and events, live; q quits').action(
    async (flags: AskingFlags) => {
      const { top } = await import('./commands/top.ts');
      finish(await top(settingsOf(flags), { json: flags.json ?? false }));
    },
  );

  asking(program, 'events', 'show what happened lately')
    .option('-f, --follow', 'and what happens from now on')
    .option('--since <id>', 'only what came after the event with this id')
    .action(async (flags: AskingFlags) => {
      const { events } = await import('./commands/events.ts');
      const since = typeof flags['since'] === 'string' ? readId(flags['since']) : undefined;
      finish(await events(settingsOf(flags), { json: flags.json ?? false, follow: flags['follow'] === true, since }));
    });
}

function asking(program: Command, name: string, description: string): Command {
  const command = program.command(name).description(description).option('--json', 'for programs');
  addSettings(command, whereToAsk);
  return command.option('--config <file>', 'YAML file with settings');
}

/** The flags that are settings, or name the file with them. */
function settingsOf(flags: AskingFlags): Record<string, string> {
  const texts: Record<string, string> = {};
  for (const [name, value] of Object.entries(kebab(flags as Record<string, string>))) {
    if ((name === 'config' || whereToAsk.some((one) => one === name)) && typeof value === 'string') texts[name] = value;
  }
  return texts;
}

function readId(text: string): number {
  const id = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(id)) return id;
  throw new ConfigError(`--since must be an event's id, as --json shows it, not ${quoted(text)}`);
}
