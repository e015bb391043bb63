import { isIP } from 'node:net';
import { resolve } from 'node:path';
import { wildcardFor } from '../../address/name-patterns.ts';
import type { Declaration } from '../../catalog/declaration.ts';
import { ownAuthorityFolder } from '../../certificates/authority-place.ts';
import { certificateNameSchema, isTooWide } from '../../certificates/certificate-name.ts';
import type { IssuedStore } from '../../certificates/issued.ts';
import { isLostWithContainer } from '../../certificates/lost-folder.ts';
import type { CertificateStoreParts } from '../../certificates/store.ts';
import { namesRulesOf } from '../../config/names/settings.ts';
import type { Settings } from '../../config/settings.ts';
import type { CertificateSpec } from '../../relay/boundary/table.ts';
import type { Logger } from '../../telemetry/logger.ts';
import { printable } from '../../text/printable.ts';
import { shellWord } from '../../text/shell-word.ts';

/**
 * Decides which names need a certificate of the local authority: those that are declared where names are served with TLS,
 * unless one of the user's own certificates covers them.
 */
export interface NamesCertificates extends Pick<IssuedStore, 'certificates' | 'problems' | 'stop'> {
  /** Returns the declarations whose names have a certificate, or need none. `own`: the user's certificates. */
  admit(declarations: readonly Declaration[], own: readonly CertificateSpec[]): readonly Declaration[];
}

interface NamesCertificatesParts extends CertificateStoreParts {
  readonly logger: Logger;
  /** The address for listeners that name none. */
  readonly bind: () => string;
}

type NamesSettings = Pick<Settings, 'names' | 'names-listen' | 'names-ca' | 'expose'>;

/** Undefined where no names are served with TLS. The library that makes certificates is loaded for these only. */
export async function openNamesCertificates(
  { bind, logger, ...parts }: NamesCertificatesParts,
  settings: NamesSettings,
): Promise<NamesCertificates | undefined> {
  const places = namesRulesOf(settings)?.listen.filter(({ tls }) => tls) ?? [];
  if (places.length === 0) return undefined;
  const { openIssuedStore } = await import('../../certificates/issued.ts');
  const folder = resolve(settings['names-ca'] ?? ownAuthorityFolder());
  if (isLostWithContainer(folder)) logger.warn({ event: 'authority-not-kept' }, notKept(folder));
  const store = openIssuedStore(parts, folder);
  const isServedHere = ({ listen, match }: Declaration): boolean =>
    match.tls === 'terminate' &&
    places.some(({ host, port }) => port === listen.port && (host ?? bind()) === listen.host);
  return {
    certificates: () => store.certificates(),
    problems: () => store.problems(),
    stop: () => store.stop(),
    admit(declarations, own) {
      const covered = new Set(own.flatMap(({ names }) => names));
      const wanted = new Set<string>();
      const needs = new Map<Declaration, readonly string[]>();
      for (const declaration of declarations) {
        if (!isServedHere(declaration)) continue;
        const names = namesOf(declaration).filter((name) => !covered.has(name) && !covered.has(wildcardFor(name)));
        needs.set(declaration, names);
        for (const name of names) wanted.add(name);
      }
      store.want(wanted);
      return declarations.filter((one) => needs.get(one)?.every((name) => store.has(name)) ?? true);
    },
  };
}

function notKept(folder: string): string {
  const where = printable(folder, 400);
  return (
    `the authority that signs the certificates of names is in ${where}, on no volume: it is lost with this container, and the next ` +
    `one makes another, which no browser trusts; mount a volume there, such as -v sealane-ca:${shellWord(where)}`
  );
}

/** The names that certificates are made for. Clients of addresses ask for no name, and those of the index for any. */
function namesOf({ match }: Declaration): readonly string[] {
  if (match.names.length === 0) return ['localhost'];
  return match.names.flatMap(({ pattern }) => {
    const isFit = certificateNameSchema.safeParse(pattern).success && isIP(pattern) === 0 && !isTooWide(pattern);
    return isFit ? [pattern] : [];
  });
}
