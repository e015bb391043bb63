import type { CertificateSpec, TlsSpec, TlsVersion } from '../relay/boundary/table.ts';

/**
 * How TLS is spoken, as the relay needs it. The same certificates make the same object, which is how the relay knows that
 * nothing changed. Pure.
 */
export type TlsWriter = (
  certificates: readonly CertificateSpec[],
  /** What is shown to upstreams. */
  own: CertificateSpec | undefined,
  authorities: string | undefined,
) => TlsSpec;

/** Two round trips and some arithmetic; a client on a bad line takes seconds. */
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
