import { expect, test } from 'vitest';
import { emptyCatalog, nextCatalog } from '../../../src/catalog/catalog.ts';
import type { RouteMatch } from '../../../src/catalog/declaration.ts';
import { declaration, world } from '../../support/declared.ts';

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
    /^api: TLS is to be ended on 127\.0\.0\.1:80 \(host api\.localhost\), and there is no/,
  ],
  ['none, for whoever comes', {}, [], /^api: TLS is to be ended on 127\.0\.0\.1:80, and there is no certificate/],
  ['none for its name', api, [['web.localhost']], /no certificate is for that name/],
  ['only one for names below', api, [['*.api.localhost']], /no certificate is for that name/],
  ['only one of the names of a wildcard', all, [['cart.shop.localhost']], /no certificate is for that name/],
])('a service whose TLS is to be ended with %s has a problem', (_title, match, certificates, message) => {
  const problems = problemsWith(match, ...certificates);
  expect(problems).toHaveLength(1);
  expect(problems[0]).toMatch(message);
});

test.each([
  ['its own', api, [['web.localhost'], ['api.localhost']]],
  ['a wildcard', api, [['*.localhost']]],
  ['the same wildcard', all, [['*.shop.localhost']]],
  ['any, for whoever comes', {}, [['web.localhost']]],
  ['any, for whatever name', any, [['web.localhost']]],
  ['any, for an address, which TLS clients do not name', address, [['a.test']]],
  ['none, where the upstream ends TLS', { ...api, tls: 'passthrough' } as const, []],
])('a service with %s has none', (_title, match, certificates) => {
  expect(problemsWith(match, ...certificates)).toEqual([]);
});
