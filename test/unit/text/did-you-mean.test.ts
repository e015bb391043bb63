import { describe, expect, it } from 'vitest';
import { didYouMean } from '../../../src/text/did-you-mean.ts';

describe('did you mean', () => {
  it('finds a word that is close and no word that is far', () => {
    expect(didYouMean('lisen', ['listen', 'port'])).toBe('listen');
    expect(didYouMean('sin', ['listen', 'sni'])).toBe('sni');
    expect(didYouMean('hodl', ['host', 'hold'])).toBe('hold');
    expect(didYouMean('xyzzy', ['listen', 'port'])).toBeUndefined();
  });
});
