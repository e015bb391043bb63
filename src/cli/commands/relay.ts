import type { SettingName } from '../../config/settings.ts';
import type { DefineCommand } from './define.ts';
import { addRouteOptions } from './route-flags.ts';
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
  'max-sessions',
  'certs',
  'tls-min-version',
  'upstream-ca',
  'upstream-cert',
  'reuse-port',
  'admin',
];

export const defineRelay: DefineCommand = (program, finish) => {
  const command = program
    .command('relay')
    .description('relay one port to endpoints, balanced, without Docker; prints the port')
    .argument('<endpoints...>', 'HOST:PORT …');
  addRouteOptions(command);
  addSettings(command, settings, { admin: 'off' });
  command.action(async (endpoints: string[], flags: TypedFlags) => {
    const { relay } = await import('../actions/relay.ts');
    finish(await relay(endpoints, kebab(flags)));
  });
};
