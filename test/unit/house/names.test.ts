import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { exportedTypes } from '../../support/house/exported-types.ts';
import { wordsOf } from '../../support/house/words.ts';

/** Names in `src/`: one meaning, one name. */
const source = join(import.meta.dirname, '../../../src');
const files = readdirSync(source, { recursive: true, encoding: 'utf8' })
  .filter((name) => /\.(?:tsx?|css|html|md)$/.test(name))
  .map((name) => ({ name, text: readFileSync(join(source, name), 'utf8') }));

test('no two files export types of one name', () => {
  const exported = files.flatMap(({ name, text }) =>
    /\.tsx?$/.test(name) ? exportedTypes(name, text).map((type) => ({ name, type })) : [],
  );
  const byType = Map.groupBy(exported, ({ type }) => type);
  expect(
    [...byType].filter(([, same]) => same.length > 1).map(([type, same]) => [type, same.map(({ name }) => name)]),
  ).toEqual([]);
});

/** Words that a private vocabulary had where the field has words of its own; docs/glossary.md has those. */
const retired = new Set([
  ...['seat', 'seats', 'rush', 'guest', 'guests', 'reception', 'outbox', 'scout', 'scouts', 'patient', 'patients'],
  ...[
    'shortage',
    'shortages',
    'flaw',
    'flaws',
    'narrator',
    'keeper',
    'handover',
    'resting',
    'door',
    'doors',
    'roll',
    'rolls',
    'trouble',
    'troubles',
    'openings',
  ],
  ...['whoever', 'nobody', 'somebody', 'anybody', 'whom'],
]);

test('no file has a word that was retired, in names, comments or messages', () => {
  const found = files.flatMap(({ name, text }) =>
    [name, ...text.split('\n')].flatMap((line) =>
      wordsOf(line)
        .filter((word) => retired.has(word))
        .map((word) => `${name}: ${word}: ${line.trim()}`),
    ),
  );
  expect(found).toEqual([]);
});

test('words are found in names of any style', () => {
  expect(wordsOf('const aSeat = new WorkerSeat("roll-call", HTTPGuest)')).toEqual(
    expect.arrayContaining(['seat', 'worker', 'roll', 'call', 'http', 'guest']),
  );
});
