import { ServiceArgument } from '../completion/values.ts';
import { clientCommand, settingsOf, type ClientFlags } from './client-command.ts';
import type { DefineCommand } from './define.ts';

export const defineSessions: DefineCommand = (program, finish) => {
  const command = clientCommand(program, 'sessions', 'list the running sessions, or those that ended last')
    .addArgument(new ServiceArgument('[service]', 'only sessions of this service', 'service'))
    .option('--recent', 'the sessions that ended last, with the reason')
    .option('--failed', 'only those that failed for their client');
  command.action(async (service: string | undefined, flags: ClientFlags) => {
    const { sessions } = await import('../actions/sessions.ts');
    const { json = false, recent, failed } = flags;
    const options = { json, service, recent: recent === true || failed === true, failed: failed === true };
    finish(await sessions(settingsOf(flags), options));
  });
};
