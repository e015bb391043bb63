import { wildcardFor } from '../../../address/name-patterns.ts';
import type { CertificateSpec } from '../../boundary/table.ts';

/**
 * Chooses the certificate for a client: one for exactly the name that it asks for, else one with a wildcard for it,
 * else the first. Among several for a name the first wins. Pure.
 */
export function createCertificateChoice(
  certificates: readonly CertificateSpec[],
): (serverName: string | undefined) => CertificateSpec | undefined {
  const byName = new Map<string, CertificateSpec>();
  for (const certificate of certificates) {
    for (const name of certificate.names) if (!byName.has(name)) byName.set(name, certificate);
  }
  return (serverName) => {
    if (serverName === undefined) return certificates[0];
    const name = serverName.toLowerCase();
    return byName.get(name) ?? byName.get(wildcardFor(name)) ?? certificates[0];
  };
}
