import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Names, type Named } from '../../../../src/relay/intake/name-index.ts';

const sni = (pattern: string): Named => ({ kind: 'sni', pattern });
const found = (patterns: readonly string[], name: string | undefined): string | undefined =>
  new Names(patterns.map(sni)).find('sni', name)?.pattern;

describe('names on one listener', () => {
  test.each([
    ['api.localhost', 'api.localhost'],
    ['web.localhost', '*.localhost'],
    ['a.b.localhost', '*.b.localhost'],
    ['a.c.localhost', '*.localhost'],
    ['b.localhost', '*.localhost'],
    ['localhost', undefined],
    ['notlocalhost', undefined],
    ['api.localhost.test', undefined],
    [undefined, undefined],
  ])('%s is routed to %s: exact before wildcard, the longest wildcard first', (name, pattern) => {
    expect(found(['*.localhost', 'api.localhost', '*.b.localhost'], name)).toBe(pattern);
  });

  test('a lone * matches every name that no other pattern matches, but no client without a name', () => {
    expect(found(['*', '*.localhost'], 'a.test')).toBe('*');
    expect(found(['*', '*.localhost'], 'a.localhost')).toBe('*.localhost');
    expect(found(['*'], undefined)).toBeUndefined();
  });

  test('server names and hosts are kept apart', () => {
    const names = new Names<Named>([sni('a.test'), { kind: 'host', pattern: '*.test' }]);
    expect(names.find('host', 'a.test')).toEqual({ kind: 'host', pattern: '*.test' });
    expect(names.find('sni', 'b.test')).toBeUndefined();
  });

  test('of two equal patterns the first counts', () => {
    const first = sni('a.test');
    expect(new Names([first, sni('a.test')]).find('sni', 'a.test')).toBe(first);
  });

  test('the closest pattern is found, whatever the patterns and their order', () => {
    const label = fc.constantFrom('a', 'b', 'constructor');
    const name = fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) => labels.join('.'));
    const pattern = fc.oneof(
      name,
      name.map((rest) => `*.${rest}`),
      fc.constant('*'),
    );
    fc.assert(
      fc.property(fc.array(pattern), name, (patterns, wanted) => {
        const closest = patterns
          .filter((one) => one === wanted || (one.startsWith('*') && wanted.endsWith(one.slice(1))))
          .toSorted((one, other) => Number(other === wanted) - Number(one === wanted) || other.length - one.length)[0];
        expect(found(patterns, wanted)).toBe(closest);
      }),
    );
  });
});
