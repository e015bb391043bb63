import { resolve } from 'node:path';
import type { Problem } from '../catalog/problem.ts';
import { openAuthorityStore } from '../certificates/authorities.ts';
import { openCertificateStore } from '../certificates/store.ts';
import { createTlsWriter } from '../certificates/tls-writer.ts';
import type { Settings } from '../config/settings.ts';
import type { CertificateSpec, TlsSpec } from '../relay/boundary/table.ts';
import type { Clock } from '../time/clock.ts';

/**
 * Owns the three stores of PEM files: certificates for clients, the certificate that upstreams are shown, and the
 * authorities that upstreams are checked against.
 */
export interface CertificateSource {
  /** The certificates for clients; the same array until a file changes. */
  certificates(): readonly CertificateSpec[];
  /** The relay's TLS settings; the same object until a file changes. */
  readonly tls: () => TlsSpec;
  problems(): readonly Problem[];
  stop(): void;
}

export interface CertificateSourceParts {
  readonly clock: Clock;
  /** Called when files were read again, or when a certificate is about to expire. */
  readonly onChange: () => void;
}

type PathSettings = Pick<Settings, 'certs' | 'upstream-ca' | 'upstream-cert' | 'tls-min-version'>;

/** Resolves once all files have been read. */
export async function openCertificateSource(
  parts: CertificateSourceParts,
  settings: PathSettings,
): Promise<CertificateSource> {
  const absolute = (paths: readonly string[]): string[] => paths.map((path) => resolve(path));
  const forClients = await openCertificateStore(parts, absolute(settings.certs));
  const forUpstreams = await openCertificateStore(parts, absolute(settings['upstream-cert']), 'client');
  const authorities = await openAuthorityStore(parts, absolute(settings['upstream-ca']));
  const stores = [forClients, forUpstreams, authorities];
  const writeTls = createTlsWriter(settings['tls-min-version']);
  return {
    certificates: () => forClients.certificates(),
    tls: () => writeTls(forClients.certificates(), forUpstreams.certificates()[0], authorities.authorities()),
    problems: () => stores.flatMap((store) => store.problems()),
    stop() {
      for (const store of stores) store.stop();
    },
  };
}
