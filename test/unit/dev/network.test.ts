import { describe, expect, it } from 'vitest';
import { isTaken } from '../../../dev/engine/network.ts';

describe('choosing an address range for a private engine', () => {
  it.each([
    ['the range itself', '10.99.0.0/16', true],
    ['a network inside of it', '10.99.3.0/24', true],
    ['an address inside of it, such as a name server', '10.99.255.53', true],
    ['a network around it', '10.96.0.0/12', true],
    ['the whole of 10/8', '10.0.0.0/8', true],
    ['a neighbour', '10.98.0.0/16', false],
    ['a wider neighbour', '10.112.0.0/12', false],
    ['another private range', '192.168.99.0/24', false],
    ['the default route', 'default', false],
    ['the default route, in numbers', '0.0.0.0/0', false],
  ])('knows whether 10.99.0.0/16 is taken by %s', (_title, entry, taken) => {
    expect(isTaken(99, [entry])).toBe(taken);
  });
});
