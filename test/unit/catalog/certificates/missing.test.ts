import { expect, test } from 'vitest';
import { emptyCatalog, nextCatalog } from '../../../../src/catalog/catalog.ts';
import type { RouteMatch } from '../../../../src/catalog/declaration.ts';
import { declaration, world } from '../../../support/declared.ts';

function problemsWith(match: Partial<RouteMatch>, ...certificates: readonly (readonly string[])[]): readonly string[] {
  const input = world([declaration('api-1', { match: { tls: 'terminate', ...match } })]);
  const catalog = nextCatalog(emptyCatalog, { ...input, certificates: certificates.map((names) => ({ names })) }, 0);
  return catalog.problems
    .filter(({ code }) => code === 'certificate-missing')
    .map(({ subject, message }) => `${subject}: ${message}`);
}

const api: Partial<RouteMatch> = { names: [{ kind: 'host', pattern: 'api.localhost' }] };
const any: Partial<RouteMatch> = { names: [{ kind: 'sni', pattern: '*' }] };
const address: Partial<RouteMatch> = { names: [{ kind: 'host', pattern: '[::1]' }] };
const all: Partial<RouteMatch> = { names: [{ kind: 'sni', pattern: '*.shop.localhost' }] };

test.each([
  [
    'no certificate at all',
    api,
    [],
    /^api: TLS is terminated on 127\.0\.0\.1:80 \(host api\.localhost\), but there is no/,
  ],
  ['no certificate for the default', {}, [], /^api: TLS is terminated on 127\.0\.0\.1:80, but there is no certificate/],
  ['no certificate for its name', api, [['web.localhost']], /no certificate covers that name/],
  ['only a certificate for names below', api, [['*.api.localhost']], /no certificate covers that name/],
  [
    'only a certificate for one name of its wildcard',
    all,
    [['cart.shop.localhost']],
    /no certificate covers that name/,
  ],
])('a service whose TLS is terminated with %s has a problem', (_title, match, certificates, message) => {
  const problems = problemsWith(match, ...certificates);
  expect(problems).toHaveLength(1);
  expect(problems[0]).toMatch(message);
});

test.each([
  ['its own certificate', api, [['web.localhost'], ['api.localhost']]],
  ['a wildcard certificate', api, [['*.localhost']]],
  ['a certificate for the same wildcard', all, [['*.shop.localhost']]],
  ['any certificate for the default', {}, [['web.localhost']]],
  ['any certificate for any name', any, [['web.localhost']]],
  ['any certificate for an address, for which TLS clients send no name', address, [['a.test']]],
  ['no certificate, where the upstream terminates TLS', { ...api, tls: 'passthrough' } as const, []],
])('a service with %s has no problem', (_title, match, certificates) => {
  expect(problemsWith(match, ...certificates)).toEqual([]);
});
