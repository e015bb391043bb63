import { parsePort } from '../../address/port.ts';
import { ConfigError } from '../../config/config-error.ts';
import { quoted } from '../../text/printable.ts';
import type { DefineCommand } from './define.ts';

export const defineWhoami: DefineCommand = (program, finish) => {
  program
    .command('whoami')
    .description('run a sample HTTP service that names the container that answers')
    .option('--port <port>', 'port to listen on', '8080')
    .action(async (flags: { readonly port: string }) => {
      const { runWhoami } = await import('../actions/whoami.ts');
      const port = parsePort(flags.port);
      if (port === undefined) throw new ConfigError(`--port must be a port, 1-65535, not ${quoted(flags.port)}`);
      await runWhoami({ port });
      finish(0);
    });
};
