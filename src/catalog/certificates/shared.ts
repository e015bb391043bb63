import { findByPattern, wildcardFor } from '../../address/name-patterns.ts';
import { listed } from '../../text/listed.ts';
import type { Problem } from '../problem.ts';
import type { Selector } from '../route.ts';
import type { Service } from '../service.ts';
import type { CertificateNames } from './missing.ts';

/**
 * Finds services of one address whose HTTP/2 clients may send one the requests for another: a browser reuses its
 * connection to a name for every name that the certificate it was shown covers (RFC 9113 §9.1.1), and Sealane relays
 * the whole connection to the first name's service. Where the upstream ends TLS, its certificate and protocols are
 * unknown, so that no connection is known to begin there; its names may be asked for over the connection of another
 * service. Pure.
 */
export function certificateShared(
  services: Iterable<Service>,
  certificates: readonly CertificateNames[],
): readonly Problem[] {
  const targets = [...targetsOf(services)];
  const offering = new Set(targets.flatMap(({ listen, offersHttp2 }) => (offersHttp2 ? [listen] : [])));
  if (offering.size === 0) return [];
  const shownFor = createShown(certificates);
  return [...Map.groupBy(targets, ({ listen }) => listen)].flatMap(([listen, here]) =>
    offering.has(listen) ? problemsAt(listen, here, certificates, shownFor) : [],
  );
}

/** A selector that TLS clients reach. */
interface Target {
  readonly listen: string;
  readonly service: string;
  /** The name or wildcard; `defaultPattern` for the catch-all. */
  readonly pattern: string;
  /** Sealane ends TLS, and offers HTTP/2. */
  readonly offersHttp2: boolean;
}

const defaultPattern = '';

function* targetsOf(services: Iterable<Service>): Generator<Target> {
  for (const { name: service, routes, pool } of services)
    for (const { listen, selectors } of routes)
      for (const selector of selectors) {
        const pattern = tlsPatternOf(selector);
        const offersHttp2 = selector.tls === 'terminate' && pool.alpn.includes('h2');
        if (pattern !== undefined) yield { listen, service, pattern, offersHttp2 };
      }
}

/**
 * Undefined for clients of plain HTTP, and for those of a catch-all whose TLS Sealane does not end: whether they speak
 * TLS is unknown.
 */
function tlsPatternOf(selector: Selector): string | undefined {
  if (selector.kind === 'sni') return selector.pattern;
  if (selector.tls !== 'terminate') return undefined;
  return selector.kind === 'host' ? selector.pattern : defaultPattern;
}

type Shown = (name: string) => CertificateNames | undefined;

/** The certificate for a name, which `relay/intake/tls/certificate-choice.ts` shows; undefined where none covers it. */
function createShown(certificates: readonly CertificateNames[]): Shown {
  const byName = new Map<string, CertificateNames>();
  for (const certificate of certificates)
    for (const name of certificate.names) if (!byName.has(name)) byName.set(name, certificate);
  return (name) => byName.get(name) ?? byName.get(wildcardFor(name));
}

function problemsAt(
  listen: string,
  here: readonly Target[],
  certificates: readonly CertificateNames[],
  shownFor: Shown,
): Problem[] {
  const byPattern = new Map(here.map((target) => [target.pattern, target]));
  const beneath = Map.groupBy(
    [...byPattern.keys()].filter((pattern) => !pattern.startsWith('*')),
    wildcardFor,
  );
  return certificates.flatMap((certificate) => {
    const reached = new Set<string>();
    const offering = new Set<string>();
    for (const name of new Set(coveredNames(certificate, beneath))) {
      const target = findByPattern(byPattern, name) ?? byPattern.get(defaultPattern);
      if (!target) continue;
      reached.add(target.service);
      if (target.offersHttp2 && shownFor(name) === certificate) offering.add(target.service);
    }
    const isShared = offering.size > 0 && reached.size > 1;
    return isShared ? [problemOf(listen, certificate, [...offering].toSorted(), [...reached].toSorted())] : [];
  });
}

/** The names of a certificate, and for each wildcard the declared names that it covers; it stands for others, too. */
function* coveredNames(
  { names }: CertificateNames,
  beneath: ReadonlyMap<string, readonly string[]>,
): Generator<string> {
  for (const name of names) {
    yield name;
    if (name.startsWith('*')) yield* beneath.get(name) ?? [];
  }
}

function problemOf(
  listen: string,
  { names }: CertificateNames,
  offering: readonly string[],
  services: readonly string[],
): Problem {
  const offerers = listed(offering);
  return {
    code: 'certificate-shared',
    subject: offering[0] ?? '',
    services,
    listen,
    message: `a certificate (${listed(names)}) covers names of ${listed(services)} on ${listen}, and ${offerers} ${offering.length === 1 ? 'offers' : 'offer'} h2 with it: browsers send the requests for all of these names over one connection, and the service of its first name gets them`,
    fix: `Give each of these services a certificate of its own (sealane cert --name NAME), or take h2 out of tls.alpn of ${offerers}.`,
  };
}
