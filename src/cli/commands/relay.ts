import { Option } from 'commander';
import type { SettingName } from '../../config/settings.ts';
import { balancePolicies } from '../../relay/boundary/table.ts';
import { choiceOption } from '../completion/values.ts';
import type { DefineCommand } from './define.ts';
import { addSettings, kebab, type TypedFlags } from './setting-flags.ts';

const settings: readonly SettingName[] = [
  'bind',
  'workers',
  'driver',
  'log-level',
  'log-format',
  'access-log',
  'shutdown-timeout',
  'max-held',
  'reuse-port',
  'admin',
];

export const defineRelay: DefineCommand = (program, finish) => {
  const command = program
    .command('relay')
    .description('relay one port to endpoints, balanced, without Docker; prints the port')
    .argument('<endpoints...>', 'HOST:PORT …')
    .addOption(new Option('--listen <[address:]port>', 'where to listen (default: a free port)'))
    .addOption(balanceOption('balancing policy (default: least-connections)'));
  addSettings(command, settings);
  command.action(async (endpoints: string[], flags: TypedFlags) => {
    const { relay } = await import('../actions/relay.ts');
    finish(await relay(endpoints, kebab(flags)));
  });
};

export function balanceOption(description: string): Option {
  return choiceOption('--balance', balancePolicies, description);
}
