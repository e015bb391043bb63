import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { interpolate } from '../../../src/compose/interpolate.ts';

const variables = (name: string): string | undefined => ({ A: 'a', B: 'b', EMPTY: '', PORT: '80' })[name];

describe('variables in compose files', () => {
  it.each([
    ['plain', 'plain', []],
    ['$A-${B}', 'a-b', []],
    ['$$A $${B}', '$A ${B}', []],
    ['$PORT:$PORT/tcp', '80:80/tcp', []],
    ['${NO:-x}${EMPTY:-y}${A:-z}', 'xya', []],
    ['${NO-x}${EMPTY-y}', 'x', []],
    ['${NO:+x}${EMPTY:+y}${A:+z}', 'z', []],
    ['${EMPTY+y}${NO+x}', 'y', []],
    ['${NO:-${ALSO:-${B}}}', 'b', []],
    ['${A:-${NO}}', 'a', []],
    ['${NO:-${ALSO}}', '', ['ALSO']],
    ['${NO:-a:b-c?d}', 'a:b-c?d', []],
    ['x${NO}y$NO', 'xy', ['NO']],
    ['${NO:?must be there}', '', ['NO']],
    ['${A?must be there}', 'a', []],
  ] as const)('%s is "%s"', (source, text, unset) => {
    expect(interpolate(source, variables)).toMatchObject({ kind: 'text', text, unset, strayDollar: false });
  });

  it.each([
    ['$', '$'],
    ['$ A', '$ A'],
    ["^https?://(a|b)(:[0-9]+)?$'", "^https?://(a|b)(:[0-9]+)?$'"],
    ['$(stat -c %g /x)', '$(stat -c %g /x)'],
    ['$1 of ${A}', '$1 of a'],
    ['${NO:-$}', '$'],
  ])('%s has a dollar sign that begins no variable, and stays as it is, as for compose', (source, text) => {
    expect(interpolate(source, variables)).toMatchObject({ kind: 'text', text, strayDollar: true });
  });

  it.each([
    ['${NO:?must be there}', [['NO', 'must be there']]],
    ['${EMPTY:?}', [['EMPTY', '']]],
    ['${EMPTY?}${A:?}', []],
    ['${A:-${NO:?}}', []],
    ['${ALSO:-${NO:?}}', [['NO', '']]],
    ['${A:+${NO?x}}', [['NO', 'x']]],
  ] as const)('%s requires %j', (source, required) => {
    const result = interpolate(source, variables);
    expect(result.kind === 'text' && [...result.required]).toEqual(required);
  });

  it.each(['${', '${A', '${}', '${1A}', '${A!b}', '${NO:-${A}', '${A:-'.repeat(40)])(
    '%s is malformed, as for compose',
    (source) => {
      expect(interpolate(source, variables)).toMatchObject({ kind: 'malformed' });
    },
  );

  it('never fail, whatever is written', () => {
    const pieces = fc.array(fc.constantFrom('$', '{', '}', ':', '-', '+', '?', 'A', 'NO', ' '), { maxLength: 30 });
    fc.assert(
      fc.property(pieces, (parts) => {
        expect(['text', 'malformed']).toContain(interpolate(parts.join(''), variables).kind);
      }),
    );
  });
});
