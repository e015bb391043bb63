import { isDotted } from '../address/host-name.ts';
import type { Service } from './service.ts';
import type { Problem } from './problem.ts';
import { describeSelector, type Selector } from './route.ts';

/**
 * Services whose TLS Sealane is to end without a certificate that clients would accept. Pure.
 */
export function certificateMissing(
  services: Iterable<Service>,
  certificates: readonly { readonly names: readonly string[] }[],
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

/** For whoever asks for no name (TLS clients name no addresses), or for any, any will do: nobody knows for which. */
function isCovered(selector: Selector, covered: ReadonlySet<string>, count: number): boolean {
  if (selector.kind === 'default' || isAnyName(selector.pattern)) return count > 0;
  const { pattern } = selector;
  return covered.has(pattern) || covered.has(pattern.replace(/^[^.]+/, '*'));
}

/** `*`, `[::1]`, `127.0.0.1`: TLS clients that it is for may ask for any name, or for none. */
function isAnyName(pattern: string): boolean {
  return pattern === '*' || pattern.startsWith('[') || isDotted(pattern);
}

function problemOf(service: string, listen: string, selector: Selector, count: number): Problem {
  const where = describeSelector(listen, selector);
  const pattern = selector.kind === 'default' || isAnyName(selector.pattern) ? 'NAME' : selector.pattern;
  return {
    code: 'certificate-missing',
    subject: service,
    listen,
    message:
      count === 0
        ? `TLS is to be ended on ${where}, and there is no certificate: every handshake fails`
        : `TLS is to be ended on ${where}, and no certificate is for that name: clients are shown another's`,
    fix: `Make one (sealane cert --name ${pattern}), and name its folder in the setting certs.`,
  };
}
