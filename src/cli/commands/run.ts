import { Argument } from 'commander';
import { ConfigError } from '../../config/config-error.ts';
import { staticOptionNames } from '../../config/options/route-options.ts';
import { settingNames } from '../../config/settings.ts';
import { suggestion } from '../../text/did-you-mean.ts';
import { quoted } from '../../text/printable.ts';
import { configFileOption } from '../completion/values.ts';
import type { DefineCommand } from './define.ts';
import { addRouteOptions } from './route-flags.ts';
import { addSettings, kebab, type TypedFlags } from './setting-flags.ts';

export const defineRun: DefineCommand = (program, finish, names) => {
  const command = program
    .command('run', { isDefault: true })
    .description('watch the engine and relay to labelled containers (the default)')
    .addArgument(new Argument('[endpoints...]', 'HOST:PORT …: relay to these endpoints instead, without Docker'))
    .addOption(configFileOption('YAML file with settings and static services; read again when it changes'));
  addRouteOptions(command, 'with endpoints: ');
  addSettings(command, settingNames);
  command.action(async (endpoints: string[], flags: TypedFlags) => {
    const typed = kebab(flags);
    if (endpoints.length > 0) {
      checkEndpoints(endpoints, names);
      if (typed['config'] !== undefined)
        throw new ConfigError('--config and endpoints exclude each other: put the endpoints into the file');
      const { relay } = await import('../actions/relay.ts');
      return finish(await relay(endpoints, typed));
    }
    for (const flag of ['listen', ...staticOptionNames]) {
      if (typed[flag] !== undefined)
        throw new ConfigError(`--${flag} goes with endpoints, such as: sealane localhost:8080 --${flag} …`);
    }
    const { run } = await import('../actions/run.ts');
    return finish(await run(typed));
  });
};

/** Rejects an endpoint without a port: most likely it is a mistyped command. */
function checkEndpoints(endpoints: readonly string[], commands: readonly string[]): void {
  const [first = ''] = endpoints;
  if (first.includes(':')) return;
  throw new ConfigError(
    `${quoted(first)} is neither a command${suggestion(first, commands)} nor HOST:PORT; see sealane --help`,
  );
}
