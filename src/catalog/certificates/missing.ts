import { isDotted } from '../../address/host-name.ts';
import { wildcardFor } from '../../address/name-patterns.ts';
import type { CertificateSpec } from '../../relay/boundary/table.ts';
import type { ServiceIntent } from '../merge.ts';
import type { Problem } from '../problem.ts';
import { describeSelector, type Selector } from '../route.ts';

/** The names of one of the certificates for TLS clients, which decide who is shown it. */
export type CertificateNames = Pick<CertificateSpec, 'names'>;

/**
 * Finds services whose TLS Sealane terminates without a certificate that clients would accept. Pure.
 */
export function certificateMissing(
  services: Iterable<Pick<ServiceIntent, 'name' | 'routes'>>,
  certificates: readonly CertificateNames[],
): readonly Problem[] {
  const covered = new Set(certificates.flatMap(({ names }) => names));
  const problems: Problem[] = [];
  for (const { name, routes } of services) {
    for (const { listen, selectors } of routes) {
      for (const selector of selectors) {
        if (selector.tls !== 'terminate' || isCovered(selector, covered, certificates.length)) continue;
        problems.push(problemOf(name, listen, selector, certificates.length));
      }
    }
  }
  return problems;
}

/**
 * Any certificate covers a selector without a fixed name: the names that its clients ask for are unknown. That includes
 * addresses, for which TLS clients send no name.
 */
function isCovered(selector: Selector, covered: ReadonlySet<string>, count: number): boolean {
  if (selector.kind === 'default' || isAnyName(selector.pattern)) return count > 0;
  const { pattern } = selector;
  return covered.has(pattern) || covered.has(wildcardFor(pattern));
}

/** Whether the TLS clients of the pattern may ask for any name or for none, as for `*`, `[::1]` and `127.0.0.1`. */
function isAnyName(pattern: string): boolean {
  return pattern === '*' || pattern.startsWith('[') || isDotted(pattern);
}

function problemOf(service: string, listen: string, selector: Selector, count: number): Problem {
  const where = describeSelector(listen, selector);
  return {
    code: 'certificate-missing',
    subject: service,
    listen,
    message:
      count === 0
        ? `TLS is terminated on ${where}, but there is no certificate: every handshake fails`
        : `TLS is terminated on ${where}, but no certificate covers that name: clients get the certificate of another name`,
    fix: `${makeOne(selector)}, and add its folder to the setting certs.`,
  };
}

/** How to make a certificate that covers the selector, as the beginning of a sentence. */
export function makeOne(selector: Selector): string {
  const name = selector.kind === 'default' || isAnyName(selector.pattern) ? 'NAME' : selector.pattern;
  return `Make one (sealane cert --name ${name})`;
}
