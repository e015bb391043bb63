import { X509Certificate } from 'node:crypto';
import { basename, join, resolve } from 'node:path';
import { createLeaf, day } from '../../certificates/authority.ts';
import { ownAuthorityFolder, ownerName } from '../../certificates/authority-place.ts';
import { certificateNameSchema, fileNameOf, isTooWide } from '../../certificates/certificate-name.ts';
import { openAuthority, writePair, type PairPaths } from '../../certificates/pem-files.ts';
import { trustHints } from '../../certificates/trust-hints.ts';
import { ConfigError } from '../../config/config-error.ts';
import { printable } from '../../text/printable.ts';
import { complaint } from '../../text/refusal.ts';

/**
 * `sealane cert`: creates a local certificate authority once, reuses it, and signs certificates with it.
 */
export interface CertOptions {
  readonly names: readonly string[];
  readonly out: string;
  /** The authority's folder. Default: one folder for each user, so that its authority needs to be trusted only once. */
  readonly ca: string | undefined;
  readonly client: boolean;
  readonly json: boolean;
}

const defaultNames = ['localhost', '*.localhost', '127.0.0.1', '::1'];

export async function cert(options: CertOptions, now = new Date()): Promise<number> {
  const names = options.names.length > 0 ? [...new Set(options.names.map(parseName))] : defaultNames;
  const authority = await openAuthority(resolve(options.ca ?? ownAuthorityFolder()), ownerName(), now);
  const leaf = await createLeaf(authority.pair, { names, client: options.client }, now);
  const base = join(resolve(options.out), fileNameOf(names[0] ?? ''));
  const paths = { certificate: `${base}.crt`, key: `${base}.key` };
  await writePair(paths, leaf);
  const report = {
    authority: { ...described(authority.paths, authority.pair.certificate), new: authority.isNew },
    certificate: { ...described(paths, leaf.certificate), names },
  };
  process.stdout.write(options.json ? `${JSON.stringify(report, undefined, 2)}\n` : renderText(report));
  return 0;
}

interface Described extends PairPaths {
  readonly expires: string;
  readonly fingerprint256: string;
}

interface Report {
  readonly authority: Described & { readonly new: boolean };
  readonly certificate: Described & { readonly names: readonly string[] };
}

function described(paths: PairPaths, pem: string): Described {
  const { validToDate, fingerprint256 } = new X509Certificate(pem);
  return { ...paths, expires: validToDate.toISOString(), fingerprint256 };
}

function renderText({ authority, certificate }: Report): string {
  const until = ({ expires }: Described): string => day(new Date(expires));
  const hints = trustHints(authority.certificate);
  const width = Math.max(...hints.map(({ who }) => who.length));
  const tooWide = certificate.names.filter(isTooWide);
  return [
    `authority    ${authority.new ? 'created' : 'reused'}, valid until ${until(authority)}`,
    `             ${printable(authority.certificate, 4_096)}`,
    `certificate  for ${certificate.names.join(', ')}; valid until ${until(certificate)}`,
    `             ${printable(certificate.certificate, 4_096)}`,
    `             ${printable(certificate.key, 4_096)}`,
    ...(tooWide.length > 0
      ? [
          '',
          `note: curl, OpenSSL, Node and browsers do not accept ${tooWide.join(', ')}: a star must be followed by two labels.`,
          'Name each host (--name api.localhost --name web.localhost) or use a deeper wildcard (--name "*.shop.localhost").',
        ]
      : []),
    '',
    `Keep ${basename(authority.key)} secret: with it, any site can be impersonated to clients that trust the authority.`,
    'To trust the authority:',
    ...hints.map(({ who, how }) => `  ${who.padEnd(width)}  ${how}`),
    '',
  ].join('\n');
}

function parseName(text: string): string {
  const name = certificateNameSchema.safeParse(text);
  if (name.success) return name.data;
  throw new ConfigError(`--name ${complaint(name.error, text)}`);
}
