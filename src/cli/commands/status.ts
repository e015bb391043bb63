import { clientCommand, settingsOf, type ClientFlags } from './client-command.ts';
import type { DefineCommand } from './define.ts';

export const defineStatus: DefineCommand = (program, finish) => {
  const command = clientCommand(program, 'status', 'show the services and problems of a running Sealane');
  command.action(async (flags: ClientFlags) => {
    const { status } = await import('../actions/status.ts');
    finish(await status(settingsOf(flags), { json: flags.json ?? false }));
  });
};
