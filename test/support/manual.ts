import type { Argument, Command, Option } from 'commander';
import { buildProgram } from '../../src/cli/program.ts';
import { fallbackOf } from '../../src/config/options/option.ts';
import { routeOptions } from '../../src/config/options/route-options.ts';
import { environmentName, settingNames } from '../../src/config/settings.ts';
import { version } from '../../src/version.ts';

/**
 * Renders the manual page sealane(1) from the tree of commands, in the macros of man(7), which groff and mandoc both
 * read. `npm run docs` writes it; a test compares.
 */
export const manualPath = 'docs/sealane.1';

/** `date`: that of the release, empty for a version that was not released. */
export function renderManual(date: string, program: Command = buildProgram(() => undefined)): string {
  const commands = program.commands.filter((command) => command.name() !== 'help');
  const lines = [
    String.raw`.\" Generated from the commands in src/cli by "npm run docs". Do not edit.`,
    `.TH SEALANE 1 "${date}" ${quote(`sealane ${version}`)} "User Commands"`,
    '.SH NAME',
    `sealane ${String.raw`\-`} ${prose('Docker-native service-discovery TCP proxy')}`,
    '.SH SYNOPSIS',
    ...synopses.flatMap(([literal, rest], index) => [...(index === 0 ? [] : ['.br']), `.B ${literal}`, ...rest]),
    '.SH DESCRIPTION',
    ...paragraphs,
    '.SH OPTIONS',
    ...definition('-h, --help', 'Print the commands, or after a command its flags.'),
    ...program.options.flatMap(optionLines),
    '.SH COMMANDS',
    ...commands.flatMap(commandLines),
    '.SH LABELS',
    ...labelLines(),
    '.SH ENVIRONMENT',
    ...environmentLines(),
    ...tail,
  ];
  return `${lines.join('\n')}\n`;
}

const synopses: readonly (readonly [literal: string, rest: readonly string[]])[] = [
  ['sealane', ['.RB [ run ]', '.RI [ options ]']],
  ['sealane', [String.raw`.IR HOST:PORT " ...\&"`, '.RI [ options ]']],
  ['sealane', ['.I COMMAND', '.RI [ options ]']],
];

const paragraphs = [
  prose(
    'Sealane follows the Docker engine and relays TCP to labelled containers, each service through one stable port.',
  ),
  prose('While no container of a service is ready, its clients wait instead of failing.'),
  prose('Without a command, sealane does what sealane run does.'),
];

const tail = [
  '.SH EXIT STATUS',
  ...definition('0', 'Success.'),
  ...definition(
    '1',
    'The command failed while running, or found what it looks for: a mistake, a service out of reach.',
  ),
  ...definition('2', 'The arguments, the configuration or the files can not be used; a line for each mistake.'),
  ...definition('141', 'The reader of the output closed it.'),
  ...definition('130, 131, 143', 'A second SIGINT, SIGQUIT or SIGTERM ended the command at once.'),
  '.SH SIGNALS',
  prose(
    'On SIGTERM, SIGINT or SIGQUIT, Sealane stops accepting clients and lets sessions run on for --shutdown-timeout.',
  ),
  prose('A second signal ends it at once.'),
  prose('On SIGHUP it reads its configuration file again.'),
  '.SH FILES',
  ...definition('sealane.yaml', 'Settings and static services: the file that --config or SEALANE_CONFIG names.'),
  ...definition('/var/run/docker.sock', 'The socket of the engine, where neither a flag nor a context names another.'),
  '.SH SEE ALSO',
  '.BR docker (1),',
  '.BR docker\\-compose (1)',
];

function commandLines(command: Command): string[] {
  const usage = [command.name(), ...command.registeredArguments.map(argumentName)].join(' ');
  return [
    `.SS ${quote(`sealane ${usage}`)}`,
    sentence(command.description()),
    ...command.registeredArguments.flatMap((argument) => definition(argumentName(argument), argument.description)),
    ...command.options.filter(({ hidden }) => !hidden).flatMap(optionLines),
  ];
}

function argumentName(argument: Argument): string {
  const name = `${argument.name()}${argument.variadic ? ' ...' : ''}`;
  return argument.required ? name : `[${name}]`;
}

function optionLines({ flags, description }: Option): string[] {
  return definition(flags, description);
}

/** The labels in a few words; docs/reference.md says what happens to a malformed one. */
function labelLines(): string[] {
  return [
    prose('A container is served as its labels say. Its label for an option is sealane.OPTION.'),
    prose('Where a container has several routes it is sealane.ROUTE.OPTION.'),
    ...Object.entries(routeOptions).flatMap(([name, option]) =>
      definition(`sealane.${name}`, `${option.description} Value: ${option.value}. Default: ${fallbackOf(option)}.`),
    ),
  ];
}

function environmentLines(): string[] {
  return [
    prose('Each flag of sealane run that is a setting has a variable, which the flag overrides.'),
    prose('A variable overrides the configuration file.'),
    ...definition('SEALANE_CONFIG', 'The configuration file, as --config.'),
    ...settingNames.flatMap((name) => definition(environmentName(name), `As --${name}.`)),
    ...definition('DOCKER_HOST, DOCKER_CONTEXT, DOCKER_CONFIG', 'Where the engine is, as for the docker command.'),
    ...definition('NO_COLOR', 'Turns colours off.'),
  ];
}

/** A term in bold, and what it means beneath it. */
function definition(term: string, meaning: string): string[] {
  return ['.TP', `.B ${escape(term).replaceAll('-', String.raw`\-`)}`, sentence(meaning)];
}

function sentence(text: string): string {
  const plain = text.replaceAll('`', '').replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1');
  const whole = `${plain.charAt(0).toUpperCase()}${plain.slice(1)}`;
  return prose(/[.:)]$/.test(whole) ? whole : `${whole}.`);
}

/** Text in short lines, none of which is taken for a request (groff(7)). A flag can be copied from the page. */
function prose(text: string): string {
  const lines: string[] = [];
  for (const word of text.split(/\s+/)) {
    const last = lines.at(-1);
    const next = escape(word).replaceAll(/--[a-z][a-z-]*/g, (flag) => flag.replaceAll('-', String.raw`\-`));
    // A sentence ends its line (man-pages(7)).
    if (last === undefined || /[.?!]\)?$/.test(last) || last.length + next.length > 76) lines.push(next);
    else lines[lines.length - 1] = `${last} ${next.replace(/^\\&/, '')}`;
  }
  return lines.join('\n');
}

function escape(text: string): string {
  return text
    .replaceAll('\\', String.raw`\e`)
    .replaceAll(
      /[^\n -~]/gu,
      (char) => `\\[u${(char.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}]`,
    )
    .replace(/^(?=[.'])/, String.raw`\&`);
}

function quote(text: string): string {
  return `"${escape(text)
    .replaceAll('"', '\\(dq')
    .replaceAll('-', String.raw`\-`)}"`;
}
