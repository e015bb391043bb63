import { Option } from 'commander';
import type { CheckFlags } from '../actions/check.ts';
import { choiceOption, FileArgument, FileOption } from '../completion/values.ts';
import { collect, type DefineCommand } from './define.ts';

export const defineCheck: DefineCommand = (program, finish) => {
  program
    .command('check')
    .description('find mistakes in the labels of compose files, without an engine (exit 0: none, 1: some)')
    .addArgument(
      new FileArgument(
        '[files...]',
        'compose files, merged in this order as by docker compose -f (default: the files that compose finds)',
      ),
    )
    .addOption(
      choiceOption(
        '--format',
        ['text', 'json', 'github'],
        'text for people, JSON, or annotations for GitHub Actions (default: text)',
      ),
    )
    .addOption(
      new FileOption('--dotenv <file>', 'variables for the compose files (default: .env beside them); may be repeated')
        .argParser(collect)
        .default([]),
    )
    // Node reads a file of this option itself, wherever it stands, and runs what its NODE_OPTIONS say (node:cli).
    .addOption(new Option('--env-file <file>').hideHelp())
    .addOption(
      new Option(
        '--profile <name>',
        'also check the services of this profile (default: each profile separately); may be repeated',
      )
        .argParser(collect)
        .default([]),
    )
    .addOption(
      choiceOption(
        '--as',
        ['compose', 'stack'],
        'read the files as docker compose does, or as docker stack deploy does (default: by what they hold)',
      ),
    )
    .option('-p, --project-name <name>', "the project's or stack's name (default: the name that compose chooses)")
    .option(
      '--label-prefix <text>',
      'prefix of the labels, where no service in the files runs Sealane (default: sealane)',
    )
    .action(async (files: string[], flags: CheckFlags) => {
      const { check } = await import('../actions/check.ts');
      finish(await check(files, flags));
    });
};
