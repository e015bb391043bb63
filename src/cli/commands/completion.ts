import { shells } from '../completion/model.ts';
import { ChoiceArgument } from '../completion/values.ts';
import type { DefineCommand } from './define.ts';

export const defineCompletion: DefineCommand = (program, finish) => {
  program
    .command('completion')
    .description('print the completion script for bash, zsh or fish')
    .addArgument(new ChoiceArgument('<shell>', shells, 'bash, zsh or fish'))
    .action(async (shell: string) => {
      const { completion } = await import('../actions/completion.ts');
      finish(await completion(shell, program));
    });
};
