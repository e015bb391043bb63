import { expect, test } from 'vitest';
import { hashedWith, KeyTable } from '../../../../src/docker/json/key-table.ts';

function find(table: KeyTable<string>, key: string): string | undefined {
  const bytes = Buffer.from(key);
  return table.find(Buffer.concat([bytes, Buffer.from('more')]), bytes.length, bytes.reduce(hashedWith, 0));
}

test('a key is found by its bytes, also among keys with the same hash, and no other one is', () => {
  const keys = ['ID', 'Aa', 'BB', 'Größe', ''];
  const table = new KeyTable(new Map(keys.map((key) => [key, `the ${key}`])));
  for (const key of keys) expect(find(table, key)).toBe(`the ${key}`);
  for (const key of ['Id', 'IDs', 'AaBB', 'C#', 'Gr']) expect(find(table, key)).toBeUndefined();
});
