import { resolve } from 'node:path';
import type { Declaration } from '../catalog/declaration.ts';
import type { Problem } from '../catalog/problem.ts';
import { openAuthorityStore } from '../certificates/authorities.ts';
import { openCertificateStore } from '../certificates/store.ts';
import { createTlsWriter } from '../certificates/tls-writer.ts';
import type { Settings } from '../config/settings.ts';
import type { CertificateSpec, TlsSpec } from '../relay/boundary/table.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Clock } from '../time/clock.ts';
import { openNamesCertificates } from './names/names-certificates.ts';

/**
 * Owns the three stores of PEM files: certificates for clients, the certificate that upstreams are shown, and the
 * authorities that upstreams are checked against; and the certificates that the local authority makes for names.
 */
export interface CertificateSource {
  /** The certificates for clients; the same array until a file changes. */
  certificates(): readonly CertificateSpec[];
  /**
   * Has certificates made for the names that these declare where names are served with TLS, and leaves out those whose
   * certificate is still to be made: no client is shown one for another name.
   */
  admit(declarations: readonly Declaration[]): readonly Declaration[];
  /** The relay's TLS settings; the same object until a file changes. */
  readonly tls: () => TlsSpec;
  problems(): readonly Problem[];
  stop(): Promise<void>;
}

export interface CertificateSourceParts {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Called when files were read again, or when a certificate is about to expire. */
  readonly onChange: () => void;
  /** The address for listeners that name none. */
  readonly bind: () => string;
}

type CertificateSettings = Pick<
  Settings,
  'certs' | 'upstream-ca' | 'upstream-cert' | 'tls-min-version' | 'names' | 'names-listen' | 'names-ca' | 'expose'
>;

/** Resolves once all files have been read. */
export async function openCertificateSource(
  parts: CertificateSourceParts,
  settings: CertificateSettings,
): Promise<CertificateSource> {
  const absolute = (paths: readonly string[]): string[] => paths.map((path) => resolve(path));
  const forClients = await openCertificateStore(parts, absolute(settings.certs));
  const forUpstreams = await openCertificateStore(parts, absolute(settings['upstream-cert']), 'client');
  const authorities = await openAuthorityStore(parts, absolute(settings['upstream-ca']));
  const forNames = await openNamesCertificates(parts, settings);
  const stores = [forClients, forUpstreams, authorities, ...(forNames ? [forNames] : [])];
  const all = rememberingSum(
    () => forClients.certificates(),
    () => forNames?.certificates() ?? [],
  );
  const writeTls = createTlsWriter(settings['tls-min-version']);
  return {
    certificates: all,
    admit: (declarations) => forNames?.admit(declarations, forClients.certificates()) ?? declarations,
    tls: () => writeTls(all(), forUpstreams.certificates()[0], authorities.authorities()),
    problems: () => stores.flatMap((store) => store.problems()),
    async stop() {
      for (const store of [forClients, forUpstreams, authorities]) store.stop();
      await forNames?.stop();
    },
  };
}

type Certificates = () => readonly CertificateSpec[];

/** The certificates of both; the same array until one of the two is another. */
function rememberingSum(one: Certificates, other: Certificates): Certificates {
  let last: readonly (readonly CertificateSpec[])[] = [];
  let sum: readonly CertificateSpec[] = [];
  return () => {
    const parts = [one(), other()];
    if (parts.some((part, index) => part !== last[index])) sum = parts.flat();
    last = parts;
    return sum;
  };
}
