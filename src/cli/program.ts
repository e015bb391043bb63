import { Command, CommanderError } from 'commander';
import { parsePort } from '../address/port.ts';
import { ConfigError } from '../config/config-error.ts';
import { suggestion } from '../text/did-you-mean.ts';
import { settingNames, type SettingName } from '../config/settings.ts';
import { balancePolicies } from '../relay/boundary/table.ts';
import { quoted } from '../text/printable.ts';
import { addAsking } from './asking.ts';
import type { CheckFlags } from './actions/check.ts';
import { addSettings, kebab, type Typed } from './commands/setting-flags.ts';
import { endWhenUnread } from './broken-pipe.ts';
import { version } from '../version.ts';

/**
 * Arguments to command. Commands are loaded when chosen, so that `--version` and `--help` are instant.
 */
const relaySettings: readonly SettingName[] = [
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

/** They serve, or clean up, whether or not anybody reads what they print. */
const servingCommands: ReadonlySet<string> = new Set(['run', 'relay', 'whoami', 'demo']);

/** The exit code. @throws ConfigError for unusable arguments */
export async function runProgram(argv: readonly string[]): Promise<number> {
  let code = 0;
  let command = '';
  const program = buildProgram((result) => {
    code = result;
  });
  program.hook('preAction', (_program, chosen) => {
    command = chosen.name();
  });
  endWhenUnread(() => servingCommands.has(command));
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

function buildProgram(finish: (code: number) => void): Command {
  const program = new Command('sealane')
    .description('Docker-native service-discovery TCP proxy: label a container, reach it through one stable port.')
    .usage('[run] [options]  |  sealane HOST:PORT [HOST:PORT …]  |  sealane COMMAND')
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .exitOverride()
    .configureOutput({ writeErr: () => undefined })
    .enablePositionalOptions();

  const run = program
    .command('run', { isDefault: true })
    .description('watch the engine and relay to labelled containers (the default)')
    .argument('[endpoints...]', 'HOST:PORT …: relay to these instead, with no Docker')
    .option('--config <file>', 'YAML file with settings and static services; read again when it changes')
    .option('--listen <[address:]port>', 'with endpoints: where to listen (default: a free port)')
    .option(`--balance <${balancePolicies.join('|')}>`, 'with endpoints: how to spread (default: least-connections)');
  addSettings(run, settingNames);
  run.action(async (endpoints: string[], flags: Typed) => {
    if (endpoints.length > 0) {
      checkEndpoints(endpoints, program);
      if (flags['config'] !== undefined)
        throw new ConfigError('--config and endpoints exclude each other: put the endpoints into the file');
      const { relay } = await import('./actions/relay.ts');
      finish(await relay(endpoints, kebab(flags)));
      return;
    }
    for (const flag of ['listen', 'balance']) {
      if (flags[flag] !== undefined)
        throw new ConfigError(`--${flag} goes with endpoints, such as: sealane localhost:8080 --${flag} …`);
    }
    const command = await import('./actions/run.ts');
    finish(await command.run(kebab(flags)));
  });

  const relayCommand = program
    .command('relay')
    .description('relay one port to endpoints, balanced, with no Docker; prints the port')
    .argument('<endpoints...>', 'HOST:PORT …')
    .option('--listen <[address:]port>', 'where to listen (default: a free port)')
    .option(`--balance <${balancePolicies.join('|')}>`, 'how to spread (default: least-connections)');
  addSettings(relayCommand, relaySettings);
  relayCommand.action(async (endpoints: string[], flags: Typed) => {
    const { relay } = await import('./actions/relay.ts');
    finish(await relay(endpoints, kebab(flags)));
  });

  addAsking(program, finish);
  addCert(program, finish);
  addCheck(program, finish);
  addSamples(program, finish);
  program
    .command('completion')
    .description('print what makes bash, zsh or fish complete this command line')
    .argument('<shell>', 'bash, zsh or fish')
    .action(async (shell: string) => {
      const { completion } = await import('./actions/completion.ts');
      finish(await completion(shell, program));
    });
  return program;
}

function addCert(program: Command, finish: (code: number) => void): void {
  program
    .command('cert')
    .description(
      'make a certificate for development, signed by a local authority that is made once; says how to trust it',
    )
    .option('--name <name>', 'host name, *.name or IP address; repeat for several (default: localhost)', collect, [])
    .option('--out <folder>', 'where the certificate and its key go', 'certs')
    .option('--ca <folder>', 'the authority: ca.crt and ca.key, or mkcert’s (default: ~/.local/share/sealane/ca)')
    .option('--client', 'also good for a client to show', false)
    .option('--json', 'print what was made as JSON', false)
    .action(async (flags: CertFlags) => {
      const { cert } = await import('./actions/cert.ts');
      finish(await cert({ ...flags, names: flags.name, ca: flags.ca }));
    });
}

interface CertFlags {
  readonly name: readonly string[];
  readonly out: string;
  readonly ca?: string;
  readonly client: boolean;
  readonly json: boolean;
}

function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}

function addCheck(program: Command, finish: (code: number) => void): void {
  program
    .command('check')
    .description('say what is wrong with the labels in compose files, with no engine (exit 0: nothing, 1: something)')
    .argument('[files...]', 'one over the other, as with docker compose -f (default: what compose finds by itself)')
    .option(
      '--format <text|json|github>',
      'for people, for programs, or as annotations in GitHub Actions (default: text)',
    )
    .option(
      '--env-file <file>',
      'variables for the compose files (default: .env beside them); may be repeated',
      collect,
      [],
    )
    .option(
      '--profile <name>',
      'services of this profile too (default: each profile by itself); may be repeated',
      collect,
      [],
    )
    .option('-p, --project-name <name>', "the project's name (default: as compose chooses it)")
    .option('--label-prefix <text>', 'what labels begin with where no service here runs Sealane (default: sealane)')
    .action(async (files: string[], flags: CheckFlags) => {
      const { check } = await import('./actions/check.ts');
      finish(await check(files, flags));
    });
}

/** What the examples and the demo are made of. */
function addSamples(program: Command, finish: (code: number) => void): void {
  program
    .command('demo')
    .description('a tour on real containers (or local processes): spread, scale, stop; cleans up after itself')
    .option('--image <name>', 'an image of Sealane that the engine holds (default: sealane)')
    .action(async (flags: { readonly image?: string }) => {
      const { runDemo } = await import('../demo/tour.ts');
      const { findGround } = await import('../demo/find-ground.ts');
      finish(await runDemo({ prepare: () => findGround(flags.image), stdout: process.stdout }));
    });
  program
    .command('whoami')
    .description('a sample HTTP service that says which container answered')
    .option('--port <port>', 'port to listen on', '8080')
    .action(async (flags: { readonly port: string }) => {
      const { runWhoami } = await import('./actions/whoami.ts');
      const port = parsePort(flags.port);
      if (port === undefined) throw new ConfigError(`--port must be a port, 1-65535, not ${quoted(flags.port)}`);
      await runWhoami({ port });
      finish(0);
    });
}

/** A mistyped command arrives here as an endpoint without a port. */
function checkEndpoints(endpoints: readonly string[], program: Command): void {
  const [first = ''] = endpoints;
  if (first.includes(':')) return;
  const commands = program.commands.map((command) => command.name());
  throw new ConfigError(
    `${quoted(first)} is neither a command${suggestion(first, commands)} nor HOST:PORT; see sealane --help`,
  );
}
