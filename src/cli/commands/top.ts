import { clientCommand, settingsOf, type ClientFlags } from './client-command.ts';
import type { DefineCommand } from './define.ts';

export const defineTop: DefineCommand = (program, finish) => {
  const command = clientCommand(
    program,
    'top',
    'watch services, upstreams, failures, rates, problems and events, live; q quits',
  );
  command.action(async (flags: ClientFlags) => {
    const { top } = await import('../actions/top.ts');
    finish(await top(settingsOf(flags), { json: flags.json ?? false }));
  });
};
