import { FileOption } from '../completion/values.ts';
import { collect, type DefineCommand } from './define.ts';

export const defineCert: DefineCommand = (program, finish) => {
  program
    .command('cert')
    .description('create a development certificate, signed by a local authority, and print how to trust it')
    .option('--name <name>', 'host name, *.name or IP address; repeat for several (default: localhost)', collect, [])
    .addOption(new FileOption('--out <folder>', 'folder for the certificate and its key').default('certs'))
    .addOption(
      new FileOption(
        '--ca <folder>',
        'folder of the authority: ca.crt and ca.key, or mkcert’s files (default: ~/.local/share/sealane/ca)',
      ),
    )
    .option('--client', 'also usable as a client certificate', false)
    .option('--json', 'print the result as JSON', false)
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
