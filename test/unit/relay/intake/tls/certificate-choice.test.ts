import { expect, test } from 'vitest';
import { createCertificateChoice } from '../../../../../src/relay/intake/tls/certificate-choice.ts';
import type { CertificateSpec } from '../../../../../src/relay/boundary/table.ts';

function certificate(...names: readonly string[]): CertificateSpec {
  return { names, chain: names.join(' '), key: '' };
}

const choose = createCertificateChoice([
  certificate('localhost'),
  certificate('*.shop.localhost', 'shop.localhost'),
  certificate('cart.shop.localhost'),
  certificate('localhost', 'second.localhost'),
]);

test.each([
  ['cart.shop.localhost', 'cart.shop.localhost', 'the one for exactly this name, although a wildcard comes first'],
  ['CART.shop.localhost', 'cart.shop.localhost', 'names match in any case of letters'],
  ['web.shop.localhost', '*.shop.localhost shop.localhost', 'the one with a wildcard'],
  ['a.web.shop.localhost', 'localhost', 'a wildcard does not cover two labels'],
  ['shop.localhost', '*.shop.localhost shop.localhost', 'the one that has the name among others'],
  ['localhost', 'localhost', 'the first of several for the name'],
  ['unknown', 'localhost', 'the first for a name that no certificate has'],
  ['', 'localhost', 'the first for an empty name'],
  ['__proto__', 'localhost', 'the first for a strange name'],
  [undefined, 'localhost', 'the first without a name'],
])('a client that asks for %s is shown %s: %s', (name, shown, _why) => {
  expect(choose(name)?.chain).toBe(shown);
});

test('no certificate is chosen where there is none', () => {
  expect(createCertificateChoice([])('localhost')).toBeUndefined();
});
