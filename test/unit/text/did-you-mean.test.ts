import { describe, expect, it } from 'vitest';
import { closest, didYouMean } from '../../../src/text/did-you-mean.ts';

describe('did you mean', () => {
  it('finds a word that is close and no word that is far', () => {
    expect(didYouMean('lisen', ['listen', 'port'])).toBe('listen');
    expect(didYouMean('sin', ['listen', 'sni'])).toBe('sni');
    expect(didYouMean('hodl', ['host', 'hold'])).toBe('hold');
    expect(didYouMean('xyzzy', ['listen', 'port'])).toBeUndefined();
  });
});

describe('the closest words', () => {
  it('are all that are equally close, or none', () => {
    expect(closest('app3', ['app1', 'apps', 'api', 'app22'])).toEqual(['app1', 'apps']);
    expect(closest('app3', ['web'])).toEqual([]);
  });
});
