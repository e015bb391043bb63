import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { importRules } from '../../support/house/import-rules.ts';

const root = new URL('../../../', import.meta.url);
const page = await readFile(new URL('docs/architecture.md', root), 'utf8');

test('each file and folder that docs/architecture.md names exists', () => {
  const named = [...page.matchAll(/`((?:src|test|dev|docs)\/[^`]*)`/g)].map(([, path = '']) => path);
  expect(named.length).toBeGreaterThan(40);
  expect(named.filter((path) => !existsSync(fileURLToPath(new URL(path, root))))).toEqual([]);
});

test('docs/architecture.md has a row for each room', () => {
  const [, table = ''] = /^\| room \| owns \|$([^]*?)\n\n/m.exec(page) ?? [];
  const rooms = Object.keys(importRules).filter((room) => !room.endsWith('.ts') && !room.startsWith('relay/'));
  expect(rooms.filter((room) => !table.includes(`\`${room}/\``))).toEqual([]);
});
