import { clientCommand, settingsOf, type ClientFlags } from './client-command.ts';
import type { DefineCommand } from './define.ts';

export const defineStatus: DefineCommand = (program, finish) => {
  const command = clientCommand(program, 'status', 'show what a running Sealane serves, and what is wrong');
  command.action(async (flags: ClientFlags) => {
    const { status } = await import('../actions/status.ts');
    finish(await status(settingsOf(flags), { json: flags.json ?? false }));
  });
};
