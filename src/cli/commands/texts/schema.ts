import { schemaSubjects } from '../../completion/model.ts';
import { ChoiceArgument } from '../../completion/values.ts';
import type { DefineCommand } from '../define.ts';

export const defineSchema: DefineCommand = (program, finish) => {
  program
    .command('schema')
    .description('print the JSON Schema of the configuration file, or of the labels in compose files, for editors')
    .addArgument(new ChoiceArgument('[subject]', schemaSubjects, 'config or labels (default: config)'))
    .option('--label-prefix <text>', 'prefix of the labels (default: sealane)')
    .action(async (subject: string | undefined, flags: { readonly labelPrefix?: string }) => {
      const { schema } = await import('../../actions/schema.ts');
      finish(await schema(subject, flags));
    });
};
