import { ServiceArgument } from '../../completion/values.ts';
import { clientCommand, settingsOf, type ClientFlags } from '../client-command.ts';
import type { DefineCommand, Finish } from '../define.ts';

/**
 * The commands that wake a service of a running Sealane, and put it to sleep.
 */
const service = (): ServiceArgument => new ServiceArgument('<service>', 'its name', 'service');

export const defineWake: DefineCommand = (program, finish) => {
  clientCommand(program, 'wake', 'start the containers of a service that are asleep')
    .addArgument(service())
    .action((name: string, flags: ClientFlags) => act('wake', name, flags, finish));
};

export const defineSleep: DefineCommand = (program, finish) => {
  clientCommand(program, 'sleep', 'put the containers of a service to sleep, unless it has a session')
    .addArgument(service())
    .action((name: string, flags: ClientFlags) => act('sleep', name, flags, finish));
};

async function act(what: 'wake' | 'sleep', name: string, flags: ClientFlags, finish: Finish): Promise<void> {
  const { changeRest } = await import('../../actions/rest.ts');
  finish(await changeRest(name, what, settingsOf(flags), { json: flags.json ?? false }));
}
