import { describe, expect, it } from 'vitest';
import { closest, didYouMean } from '../../../src/text/did-you-mean.ts';

describe('did you mean', () => {
  it('finds a word that is close and no word that is far', () => {
    expect(didYouMean('lisen', ['listen', 'port'])).toBe('listen');
    expect(didYouMean('sin', ['listen', 'sni'])).toBe('sni');
    expect(didYouMean('hodl', ['host', 'hold'])).toBe('hold');
    expect(didYouMean('xyzzy', ['listen', 'port'])).toBeUndefined();
  });

  it.each([
    ['lsitne', 'listen'],
    ['helath.intevral', 'health.interval'],
    ['blaacne', 'balance'],
    ['max-conenctions.sevrice', 'max-connections.service'],
    ['prt', 'port'],
  ])('counts two swapped letters as one slip, wherever and beside whatever they are: %s is %s', (word, meant) => {
    const known = ['listen', 'health.interval', 'balance', 'max-connections.service', 'port', 'host', 'hold'];
    expect(didYouMean(word, known)).toBe(meant);
  });

  it('does not count upper case as a mistake', () => {
    expect(didYouMean('HOLD', ['host', 'hold'])).toBe('hold');
    expect(didYouMean('PROT', ['pool', 'port'])).toBe('port');
  });

  it('answers at once, however long the word is', () => {
    expect(didYouMean('x'.repeat(1_000_000), ['listen'])).toBeUndefined();
  });
});

describe('the closest words', () => {
  it('are all that are equally close, or none', () => {
    expect(closest('app3', ['app1', 'apps', 'api', 'app22'])).toEqual(['app1', 'apps']);
    expect(closest('app3', ['web'])).toEqual([]);
  });
});
