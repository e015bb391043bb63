import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { JsonSieve, objectWith, type Member, type Shape } from '../../../../src/docker/json/json-sieve.ts';
import type { Sifted } from '../../../../src/docker/json/kept-text.ts';
import { anyText } from '../../../support/any-text.ts';

const onlyA: Shape = { kind: 'object', member: (key) => (key === 'a' ? { shape: 'whole' } : undefined) };

/** Keeps `a`, of `inner` the members whose keys begin with `x`, and of each element of `list` the member `a`. */
function shapeOf(bounds: { readonly value?: number; readonly inner?: number } = {}): Shape {
  const inner: Shape = {
    kind: 'object',
    maxBytes: bounds.inner ?? Infinity,
    member: (key) => (key.startsWith('x') ? { shape: 'whole', maxBytes: bounds.value ?? Infinity } : undefined),
  };
  return objectWith(
    new Map<string, Member>([
      ['a', { shape: 'whole' }],
      ['list', { shape: { kind: 'array', of: onlyA } }],
      ['inner', { shape: inner }],
    ]),
  );
}

function sift(text: string, cuts: readonly number[] = [], maxBytes = 100_000, of = shapeOf()): Sifted {
  const sieve = new JsonSieve(of, { maxBytes });
  feed(sieve, text, cuts);
  return sieve.finish();
}

function feed(sieve: JsonSieve, text: string, cuts: readonly number[]): void {
  const bytes = Buffer.from(text);
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).toSorted((a, b) => a - b), bytes.length];
  for (const [index, from] of places.entries()) sieve.push(bytes.subarray(from, places[index + 1] ?? bytes.length));
}

function json(sifted: Sifted): unknown {
  return sifted.kind === 'text' ? (JSON.parse(sifted.text) as unknown) : sifted.kind;
}

const anyKey = fc.oneof(fc.constantFrom('a', 'b', 'inner', 'list', 'x', 'xy', '__proto__'), anyText());
const anyValue = fc.oneof(
  fc.jsonValue(),
  fc.dictionary(anyKey, fc.jsonValue()),
  fc.array(fc.dictionary(anyKey, fc.jsonValue())),
);
const anyCuts = fc.array(fc.nat());
const spaces = fc.constantFrom<readonly (number | undefined)[]>([undefined], [1], [3]);

describe('the JSON sieve', () => {
  test('keeps what the shape names, wherever the bytes are cut, and nothing else', () => {
    fc.assert(
      fc.property(fc.dictionary(anyKey, anyValue), anyCuts, spaces, (value, cuts, [indent]) => {
        expect(json(sift(JSON.stringify(value, undefined, indent), cuts))).toEqual(keep(value));
      }),
    );
  });

  test('hands out the elements of a list one by one', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.dictionary(anyKey, fc.jsonValue()), fc.jsonValue())), anyCuts, (value, cuts) => {
        const elements: unknown[] = [];
        const of: Shape = { kind: 'array', of: onlyA };
        const sieve = new JsonSieve(of, { maxBytes: 100_000, onElement: (element) => elements.push(json(element)) });
        feed(sieve, JSON.stringify(value), cuts);
        expect(elements).toEqual((plain(value) as unknown[]).map((element) => pick(element, (key) => key === 'a')));
        expect(sieve.isDone).toBe(true);
        expect(sieve.finish()).toEqual({ kind: 'text', text: '' });
      }),
    );
  });

  test('never accepts a text that is not JSON', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          anyText(),
          fc.json().map((text) => text.slice(1)),
        ),
        anyCuts,
        (text, cuts) => {
          const sieve = new JsonSieve('whole', { maxBytes: 100_000 });
          feed(sieve, text, cuts);
          const sifted = sieve.finish();
          expect(parses(sifted.kind === 'text' ? sifted.text : '')).toBe(parses(text));
        },
      ),
    );
  });

  test.each(['<html>', '{"a":1} {', '{"a":1]', '{"a" 1}', '{"a":1,}', '{"a":}', '{a:1}', '{"a":1', '[', ''])(
    'leaves %s to be refused',
    (text) => {
      expect(() => json(sift(text))).toThrow(SyntaxError);
    },
  );

  test('passes over any amount of what it does not keep', () => {
    const text = JSON.stringify({ b: 'x'.repeat(10_000), a: 1, inner: { ['b'.repeat(10_000)]: 2, y: ['"}\\'] } });
    expect(json(sift(text, [5000], 100))).toEqual({ a: 1, inner: {} });
  });

  test('leaves out a value beyond its own bound, with its key', () => {
    const text = JSON.stringify({ inner: { x1: 1, x2: 'y'.repeat(100_000), x3: { y: 'z'.repeat(50) }, x4: 2 } });
    expect(json(sift(text, [20, 70], 100, shapeOf({ value: 40 })))).toEqual({ inner: { x1: 1, x4: 2 } });
  });

  test('says that too much was to be kept, in all or of one object, with the beginning, and then begins anew', () => {
    const sieve = new JsonSieve(shapeOf({ inner: 200 }), { maxBytes: 1000 });
    feed(sieve, `{"a":"${'y'.repeat(990)}","list":[]}`, []);
    expect(sieve.finish()).toMatchObject({ kind: 'too-large', head: expect.stringMatching(/^{"a":/) as string });
    const members = Array.from({ length: 20 }, (_, index) => [`x${index}`, 'y'.repeat(10)]);
    feed(sieve, JSON.stringify({ a: 7, inner: Object.fromEntries(members) }), []);
    expect(sieve.finish()).toMatchObject({ kind: 'too-large', head: expect.stringMatching(/^{"a":7/) as string });
    feed(sieve, '{"a":1}', []);
    expect(json(sieve.finish())).toEqual({ a: 1 });
  });

  test('takes a wanted key that is very long for too much, and passes over an unwanted one', () => {
    expect(json(sift(`{"inner":{"x${'y'.repeat(2000)}":1}}`))).toBe('too-large');
    expect(json(sift(`{"inner":{"y${'y'.repeat(2000)}":1}}`))).toEqual({ inner: {} });
  });

  test('reads escapes in keys', () => {
    expect(json(sift(String.raw`{"\u0061":1,"b\"":2,"\\":3}`))).toEqual({ a: 1 });
  });
});

function keep(value: Record<string, unknown>): unknown {
  const kept = pick(plain(value), (key) => key === 'a' || key === 'inner' || key === 'list') as Record<string, unknown>;
  const { list, inner } = kept;
  if (Array.isArray(list)) kept['list'] = list.map((element) => pick(element, (key) => key === 'a'));
  if (inner !== undefined) kept['inner'] = pick(inner, (key) => key.startsWith('x'));
  return kept;
}

function pick(value: unknown, wanted: (key: string) => boolean): unknown {
  return isObject(value) ? Object.fromEntries(Object.entries(value).filter(([key]) => wanted(key))) : value;
}

/** As JSON has it: without -0. */
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value)) as unknown;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parses(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
