import { z } from 'zod';
import { oneOf } from '../options/kinds.ts';
import { namesListenSchema, type NamesAddress } from './addresses.ts';
import { defaultTemplate, templateSchema, type NamesTemplate } from './template.ts';

/**
 * The settings of names that services get without a label for each.
 */
const expose = oneOf(['labelled', 'all']);

export const namesSettings = {
  names: templateSchema
    .optional()
    .meta({
      value: 'a name with `{service}`, `{project}`, `{container}`, `{engine}`',
      fallback: `none; with \`expose\` \`all\`: \`${defaultTemplate}\``,
    })
    .describe(
      'The name of each HTTP route that has neither `host` nor `listen`, such as `{service}.{project}.localhost`. Such routes are served under their names on the addresses of `names-listen`, instead of on a port each.',
    ),
  'names-listen': namesListenSchema
    .default([{ host: undefined, port: 80, tls: false }])
    .meta({ value: '`80`, `80,443`, `https://127.0.0.1:9000`', fallback: '`80`', list: true })
    .describe(
      'The addresses on which names are served. On 443 and 8443, and after `https://`, Sealane ends TLS, with certificates that the local authority (`sealane cert`) makes for the names that exist.',
    ),
  'names-ca': z
    .string()
    .min(1, 'must be a path')
    .optional()
    .meta({ value: 'path', fallback: '`~/.local/share/sealane/ca`, as for `sealane cert`' })
    .describe(
      'The folder of the authority that makes the certificates of `names-listen`: ca.crt and ca.key, or those of mkcert. The certificates are kept in its subfolder `names`.',
    ),
  expose: expose.schema
    .default('labelled')
    .meta({ value: expose.value, fallback: '`labelled`' })
    .describe(
      'Which containers get names: those with labels, or all that speak HTTP. Without a label a container is never reached by anything else than its name; databases and other known servers of plain TCP get none.',
    ),
} as const;

/** The folder of the authority in Sealane's image, where a volume belongs. */
export const folderInImage = '/ca';

/** What discovery needs to know to give names. */
export interface NamesRules {
  readonly template: NamesTemplate;
  readonly listen: readonly NamesAddress[];
}

interface GivenNames {
  readonly names?: NamesTemplate | undefined;
  readonly 'names-listen': readonly NamesAddress[];
  readonly expose: 'labelled' | 'all';
}

/** Undefined where no names are given. */
export function namesRulesOf({ names, 'names-listen': listen, expose: which }: GivenNames): NamesRules | undefined {
  const template = names ?? (which === 'all' ? templateSchema.parse(defaultTemplate) : undefined);
  return template && { template, listen };
}
