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
  ['cart.shop.localhost', 'cart.shop.localhost', 'its own, whatever wildcard comes before'],
  ['CART.shop.localhost', 'cart.shop.localhost', 'in any case of letters'],
  ['web.shop.localhost', '*.shop.localhost shop.localhost', 'a wildcard'],
  ['a.web.shop.localhost', 'localhost', 'no wildcard for two labels'],
  ['shop.localhost', '*.shop.localhost shop.localhost', 'any of its names'],
  ['localhost', 'localhost', 'the first of several'],
  ['nobody', 'localhost', 'the first for a name that none is for'],
  ['', 'localhost', 'the first for an empty name'],
  ['__proto__', 'localhost', 'the first for a strange name'],
  [undefined, 'localhost', 'the first without a name'],
])('a client that asks for %s is shown %s: %s', (name, shown, _why) => {
  expect(choose(name)?.chain).toBe(shown);
});

test('without certificates there is none to show', () => {
  expect(createCertificateChoice([])('localhost')).toBeUndefined();
});
