import { ServiceArgument } from '../completion/values.ts';
import { clientCommand, settingsOf, type ClientFlags } from './client-command.ts';
import type { DefineCommand } from './define.ts';

export const defineWhy: DefineCommand = (program, finish) => {
  const command = clientCommand(
    program,
    'why',
    'explain why a service can or cannot be reached (exit 1), and what to do',
  );
  command.addArgument(new ServiceArgument('<subject>', 'a service, a container, or a port', 'service'));
  command.action(async (subject: string, flags: ClientFlags) => {
    const { why } = await import('../actions/why.ts');
    finish(await why(subject, settingsOf(flags), { json: flags.json ?? false }));
  });
};
