import { Option } from 'commander';
import type { CheckFlags } from '../actions/check.ts';
import { choiceOption, FileArgument, FileOption } from '../completion/values.ts';
import { collect, type DefineCommand } from './define.ts';

export const defineCheck: DefineCommand = (program, finish) => {
  program
    .command('check')
    .description('say what is wrong with the labels in compose files, with no engine (exit 0: nothing, 1: something)')
    .addArgument(
      new FileArgument(
        '[files...]',
        'one over the other, as with docker compose -f (default: what compose finds by itself)',
      ),
    )
    .addOption(
      choiceOption(
        '--format',
        ['text', 'json', 'github'],
        'for people, for programs, or as annotations in GitHub Actions (default: text)',
      ),
    )
    .addOption(
      new FileOption(
        '--env-file <file>',
        'variables for the compose files (default: .env beside them); may be repeated',
      )
        .argParser(collect)
        .default([]),
    )
    .addOption(
      new Option('--profile <name>', 'services of this profile too (default: each profile by itself); may be repeated')
        .argParser(collect)
        .default([]),
    )
    .option('-p, --project-name <name>', "the project's name (default: as compose chooses it)")
    .option('--label-prefix <text>', 'what labels begin with where no service here runs Sealane (default: sealane)')
    .action(async (files: string[], flags: CheckFlags) => {
      const { check } = await import('../actions/check.ts');
      finish(await check(files, flags));
    });
};
