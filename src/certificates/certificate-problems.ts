import type { Problem } from '../catalog/problem.ts';
import { printable } from '../text/printable.ts';
import type { FoundCertificate, Reading } from './read-certificate.ts';

/**
 * Turns faults of certificates into problems for people. Pure.
 */
const expiringMs = 14 * 24 * 3_600_000;

export function certificateProblems({ found, errors }: Reading, wallMs: number): readonly Problem[] {
  return [
    ...errors.map(({ path, message, fix }): Problem => {
      return { code: 'certificate-unusable', subject: printable(path), message, fix };
    }),
    ...expiring(found, wallMs).map(({ path, spec, expiresAtMs }): Problem => {
      const verb = expiresAtMs <= wallMs ? 'expired' : 'expires';
      const on = new Date(expiresAtMs).toISOString().slice(0, 16).replace('T', ' ');
      const names = spec.names.slice(0, 5).join(', ') || 'no name';
      return {
        code: 'certificate-expiring',
        subject: printable(path),
        message: `the certificate for ${names} ${verb} on ${on} UTC`,
        fix: 'Put a new one in its place; it is taken up by itself.',
      };
    }),
  ];
}

/** The certificates that expire soon, including those that have expired. */
function expiring(found: readonly FoundCertificate[], wallMs: number): readonly FoundCertificate[] {
  return found.filter(({ expiresAtMs }) => expiresAtMs - wallMs <= expiringMs);
}
