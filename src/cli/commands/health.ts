import { configFileOption } from '../completion/values.ts';
import type { DefineCommand } from './define.ts';
import { addSettings, kebab, type TypedFlags } from './setting-flags.ts';

export const defineHealth: DefineCommand = (program, finish) => {
  const command = program
    .command('health')
    .description('ask a running Sealane whether it is ready (exit 0) or not (1)');
  addSettings(command, ['admin', 'admin-socket']);
  command.addOption(configFileOption('YAML file with settings'));
  command.action(async (flags: TypedFlags) => {
    const { health } = await import('../actions/health.ts');
    finish(await health(kebab(flags)));
  });
};
