import type { CertificateSpec, TlsSpec, TlsVersion } from '../relay/boundary/table.ts';

/**
 * Builds the relay's TLS settings from the certificates. The same certificates give the same object, so that the relay
 * sees that nothing changed. Pure.
 */
type TlsWriter = (
  certificates: readonly CertificateSpec[],
  /** The client certificate for upstreams. */
  own: CertificateSpec | undefined,
  authorities: string | undefined,
) => TlsSpec;

/** The limit of a TLS handshake. It takes two round trips and some arithmetic; a client on a bad line takes seconds. */
const handshakeTimeoutMs = 10_000;

export function createTlsWriter(minVersion: TlsVersion): TlsWriter {
  let written: TlsSpec = { minVersion, handshakeTimeoutMs, certificates: [] };
  return (certificates, own, authorities) => {
    const { upstream } = written;
    const isSameUpstream = upstream?.certificate === own && upstream?.authorities === authorities;
    if (certificates === written.certificates && isSameUpstream) return written;
    const next = isSameUpstream && upstream ? upstream : { certificate: own, authorities };
    written = { minVersion, handshakeTimeoutMs, certificates, upstream: next };
    return written;
  };
}
