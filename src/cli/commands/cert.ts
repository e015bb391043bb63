import { FileOption } from '../completion/values.ts';
import { collect, type DefineCommand } from './define.ts';

export const defineCert: DefineCommand = (program, finish) => {
  program
    .command('cert')
    .description(
      'make a certificate for development, signed by a local authority that is made once; says how to trust it',
    )
    .option('--name <name>', 'host name, *.name or IP address; repeat for several (default: localhost)', collect, [])
    .addOption(new FileOption('--out <folder>', 'where the certificate and its key go').default('certs'))
    .addOption(
      new FileOption(
        '--ca <folder>',
        'the authority: ca.crt and ca.key, or mkcert’s (default: ~/.local/share/sealane/ca)',
      ),
    )
    .option('--client', 'also good for a client to show', false)
    .option('--json', 'print what was made as JSON', false)
    .action(async (flags: CertFlags) => {
      const { cert } = await import('../actions/cert.ts');
      finish(await cert({ ...flags, names: flags.name, ca: flags.ca }));
    });
};

interface CertFlags {
  readonly name: readonly string[];
  readonly out: string;
  readonly ca?: string;
  readonly client: boolean;
  readonly json: boolean;
}
