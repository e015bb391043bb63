import { Command, CommanderError, type Option } from 'commander';
import { ConfigError } from '../config/config-error.ts';
import { version } from '../version.ts';
import { endOnBrokenPipe } from './broken-pipe.ts';
import { defineCert } from './commands/cert.ts';
import { defineCheck } from './commands/check.ts';
import { defineCompletion } from './commands/completion.ts';
import type { DefineCommand, Finish } from './commands/define.ts';
import { defineDemo } from './commands/demo.ts';
import { defineEvents } from './commands/events.ts';
import { defineHealth } from './commands/health.ts';
import { defineInit } from './commands/init.ts';
import { defineLicenses } from './commands/texts/licenses.ts';
import { defineRelay } from './commands/relay.ts';
import { defineRun } from './commands/run.ts';
import { defineSleep, defineWake } from './commands/services/rest.ts';
import { defineSchema } from './commands/texts/schema.ts';
import { defineSessions } from './commands/sessions.ts';
import { defineStatus } from './commands/status.ts';
import { defineSwap } from './swap/command.ts';
import { defineTop } from './commands/top.ts';
import { defineClose, defineDrain, defineUndrain, defineWeight } from './commands/upstream.ts';
import { defineWhoami } from './commands/whoami.ts';
import { defineWhy } from './commands/why.ts';
import { refuseRepeatedFlags } from './repeated-flags.ts';

/**
 * Parses the arguments and runs the command that they name.
 */

/** All commands by name, in the order of the help. */
const commands: ReadonlyMap<string, DefineCommand> = new Map([
  ['run', defineRun],
  ['relay', defineRelay],
  ['health', defineHealth],
  ['status', defineStatus],
  ['why', defineWhy],
  ['top', defineTop],
  ['events', defineEvents],
  ['sessions', defineSessions],
  ['drain', defineDrain],
  ['undrain', defineUndrain],
  ['weight', defineWeight],
  ['close', defineClose],
  ['swap', defineSwap],
  ['wake', defineWake],
  ['sleep', defineSleep],
  ['cert', defineCert],
  ['init', defineInit],
  ['check', defineCheck],
  ['schema', defineSchema],
  ['demo', defineDemo],
  ['whoami', defineWhoami],
  ['completion', defineCompletion],
  ['licenses', defineLicenses],
]);

/** Words that show all commands: the help lists them, and the completion knows the options of each. */
const wordsForAll: ReadonlySet<string> = new Set(['help', '--help', '-h', 'completion']);

/** Commands that serve or clean up, and therefore go on when their output is no longer read. */
const servingCommands: ReadonlySet<string> = new Set(['run', 'relay', 'swap', 'whoami', 'demo']);

/** Runs the program and returns its exit code. @throws ConfigError for unusable arguments */
export async function runProgram(argv: readonly string[]): Promise<number> {
  if (asksForVersionAsJson(argv)) {
    const { printVersion } = await import('./actions/version.ts');
    return printVersion();
  }
  let code = 0;
  let command = '';
  const program = buildProgram((result) => {
    code = result;
  }, argv);
  program.hook('preAction', (_program, chosen) => {
    command = chosen.name();
  });
  endOnBrokenPipe(() => servingCommands.has(command));
  try {
    await program.parseAsync(argv, { from: 'user' });
    return code;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return 0;
    throw new ConfigError(`${error.message.replace(/^error: /, '').replaceAll('\n', ' ')}; see sealane --help`, {
      cause: error,
    });
  }
}

/** Commander prints the version as soon as it meets the flag, and reads no other. */
function asksForVersionAsJson(argv: readonly string[]): boolean {
  return argv.length === 2 && argv.includes('--json') && (argv.includes('--version') || argv.includes('-V'));
}

/**
 * The tree of the commands that these arguments need; without arguments, of all. `finish` receives the exit code of the
 * command that runs.
 */
export function buildProgram(finish: Finish, argv: readonly string[] = ['--help']): Command {
  const program = new Command('sealane')
    .description('Docker-native service-discovery TCP proxy: label a container, reach it through one stable port.')
    .usage('[run] [options]  |  sealane HOST:PORT [HOST:PORT …]  |  sealane COMMAND')
    .version(
      version,
      '-V, --version',
      'print the version; with --json also Node, the platform and the drivers, as JSON',
    )
    .helpOption('-h, --help', 'print this help')
    .exitOverride()
    .configureOutput({ writeErr: () => undefined })
    // The flag of an option contains its words, and the description contains most defaults.
    .configureHelp({ optionDescription: describeOption, argumentDescription: ({ description }) => description })
    .enablePositionalOptions();
  const names = [...commands.keys()];
  for (const define of definitionsFor(argv)) define(program, finish, names);
  for (const command of program.commands) refuseRepeatedFlags(command);
  return program;
}

/** The command that runs, or all of them: all take 10 ms at each start. */
function definitionsFor(argv: readonly string[]): Iterable<DefineCommand> {
  const named = wordsForAll.has(argv[0] ?? '') ? undefined : commands.get(argv[0] ?? '');
  if (named) return [named];
  return argv.some((word) => wordsForAll.has(word)) ? commands.values() : [defineRun];
}

function describeOption({ description, defaultValue }: Option): string {
  return typeof defaultValue === 'string' ? `${description} (default: ${defaultValue})` : description;
}
