import { settingChoices } from '../../config/settings.ts';
import { choiceOption, FileArgument } from '../completion/values.ts';
import type { InitFlags } from '../actions/init.ts';
import type { DefineCommand } from './define.ts';

export const defineInit: DefineCommand = (program, finish) => {
  program
    .command('init')
    .description('add Sealane to a compose file: shows the change, and writes it when told to')
    .addArgument(new FileArgument('[file]', 'the compose file (default: the one that compose finds)'))
    .option('-y, --yes', 'write without asking', false)
    .option('--image <image>', "Sealane's image (default: sealane)")
    .addOption(
      choiceOption(
        '--scope',
        settingChoices('scope') ?? [],
        'which labelled containers are served: those of this compose project, or all (default: project)',
      ),
    )
    .option('--label-prefix <text>', 'prefix of the labels (default: sealane)')
    .action(async (file: string | undefined, flags: InitFlags) => {
      const { init } = await import('../actions/init.ts');
      finish(await init(file, flags));
    });
};
