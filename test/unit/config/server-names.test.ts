import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hostNamesSchema, serverNamesSchema } from '../../../src/config/server-names.ts';

describe('names', () => {
  it.each([
    ['api.localhost', ['api.localhost']],
    ['API.localhost., *.Shop.localhost,api.localhost', ['api.localhost', '*.shop.localhost']],
    ['shop_db', ['shop_db']],
    ['10.0.0.1', ['10.0.0.1']],
    ['münchen.localhost', ['xn--mnchen-3ya.localhost']],
    ['*', ['*']],
  ])('%s', (text, names) => {
    expect(serverNamesSchema.parse(text)).toEqual(names);
    expect(hostNamesSchema.parse(text)).toEqual(names);
  });

  it('of HTTP hosts may be IPv6 addresses, and all spellings of an address are the same', () => {
    expect(hostNamesSchema.parse('[::1], api.localhost, [0:0::1], [2001:DB8::A]')).toEqual([
      '[::1]',
      'api.localhost',
      '[2001:db8::a]',
    ]);
    expect(hostNamesSchema.parse('[::ffff:127.0.0.1]')).toEqual(['[::ffff:7f00:1]']);
  });

  it.each([
    ['::1', 'must have IPv6 addresses in brackets, as in [::1]'],
    ['[fe80::1%eth0]', 'must have IPv6 addresses such as [::1] in brackets'],
    ['[10.0.0.1]', 'must have IPv6 addresses such as [::1] in brackets'],
    ['[]', 'must have IPv6 addresses such as [::1] in brackets'],
    ['[::1]:8080', 'must be names without a port: a name matches requests for any port'],
    ['*.[::1]', 'must have * only in front of names: there is nothing beneath an address'],
    ['*[::1]', 'must have * only in front of names: there is nothing beneath an address'],
    ['*.0.0.1', 'must have * only in front of names: there is nothing beneath an address'],
    ['[*::1]', 'must have IPv6 addresses such as [::1] in brackets'],
  ])('of HTTP hosts are refused as %j', (text, message) => {
    expect(hostNamesSchema.safeParse(text).error?.issues[0]?.message).toBe(message);
  });

  it.each([
    ['http://api.localhost', 'must be names such as api.localhost, without http:// or a path'],
    ['api.localhost:8080', 'must be names without a port: a name matches requests for any port'],
    ['api.*', 'must have * only in front, as in *.localhost'],
    ['a*.localhost', 'must have * only in front, as in *.localhost'],
    ['[::1]', 'must be names; TLS clients ask for no IPv6 addresses'],
    ['api..localhost', 'must be names such as api.localhost or *.localhost, with commas between them'],
    ['', 'must be names such as api.localhost or *.localhost, with commas between them'],
    ['a b', 'must be names such as api.localhost or *.localhost, with commas between them'],
    [Array.from({ length: 101 }, (_, index) => `a${index}`).join(), 'must be at most 100 names'],
  ])('that are malformed are refused with the rule: %j', (text, message) => {
    expect(serverNamesSchema.safeParse(text).error?.issues[0]?.message).toBe(message);
  });

  it('of any text are read or refused', () => {
    const pieces = fc
      .array(fc.constantFrom('ü', 'a', '.', '*', ':', '-', '\u2028', '💥', ','), { maxLength: 12 })
      .map((all) => all.join(''));
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.domain(), pieces), (text) => {
        const { data = [] } = serverNamesSchema.safeParse(text);
        for (const name of data) expect(serverNamesSchema.parse(name)).toEqual([name]);
      }),
    );
  });
});
