import { certificateMissing, makeOne } from '../catalog/certificates/missing.ts';
import type { ComposeService } from '../compose/service.ts';
import { printable } from '../text/printable.ts';
import type { Finding } from './finding.ts';
import type { Listening } from './ports.ts';

/**
 * Finds routes whose TLS a Sealane without any certificate is to terminate. Pure.
 */
export function withoutCertificate(sealane: ComposeService, listening: readonly Listening[]): Finding[] {
  return listening.flatMap(({ intent, route, service, tlsLocation }) => {
    const selector = route.selectors.find(({ tls }) => tls === 'terminate');
    const [problem] = certificateMissing([{ name: intent.name, routes: [route] }], []);
    if (!problem || !selector) return [];
    return {
      code: problem.code,
      location: tlsLocation,
      service,
      message: problem.message,
      fix: `${makeOne(selector)}; mount its folder into ${printable(sealane.name)}, and set SEALANE_CERTS to it.`,
    };
  });
}
