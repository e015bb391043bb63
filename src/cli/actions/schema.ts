import { ConfigError } from '../../config/config-error.ts';
import { fileJsonSchema, labelsJsonSchema } from '../../config/json-schema.ts';
import { loadConfig } from '../../config/load.ts';
import { suggestion } from '../../text/did-you-mean.ts';
import { quoted } from '../../text/printable.ts';
import { schemaSubjects } from '../completion/model.ts';

/**
 * `sealane schema [config|labels]`: prints a JSON Schema with which editors complete and check what people write.
 */
export async function schema(subject = 'config', flags: { readonly labelPrefix?: string }): Promise<number> {
  const known = schemaSubjects.find((one) => one === subject);
  if (!known)
    throw new ConfigError(
      `schema must be config or labels, not ${quoted(subject)}${suggestion(subject, schemaSubjects)}`,
    );
  const { settings } = await loadConfig(flags.labelPrefix === undefined ? {} : { 'label-prefix': flags.labelPrefix }, {
    SEALANE_LABEL_PREFIX: process.env['SEALANE_LABEL_PREFIX'],
  });
  const printed = known === 'config' ? fileJsonSchema() : labelsJsonSchema(settings['label-prefix']);
  process.stdout.write(`${JSON.stringify(printed, undefined, 2)}\n`);
  return 0;
}
