import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { cyclesOf, importsOf, readImportGraph } from '../../support/house/import-graph.ts';
import {
  importFaults,
  importRules,
  roomOf,
  rulesAgainstTheFlow,
  unusedAllowances,
} from '../../support/house/import-rules.ts';

/** Where rooms stand and what they import, held over the real import graph of `src/`. */
const source = join(import.meta.dirname, '../../../src');
const graph = readImportGraph(source);

describe('the rooms of src/', () => {
  test('import only what their line in the table allows', () => {
    expect(importFaults(graph)).toEqual([]);
  });

  test('have a table that allows only what is above, and nothing that no import uses', () => {
    expect(rulesAgainstTheFlow()).toEqual([]);
    expect(unusedAllowances(graph)).toEqual([]);
    expect(Object.keys(importRules).toSorted()).toEqual([...new Set([...graph.keys()].map(roomOf))].toSorted());
  });

  test('have no import cycle, imports of types included', () => {
    expect(cyclesOf(graph)).toEqual([]);
  });

  test('have at most 20 files at one level', () => {
    const entries = readdirSync(source, { recursive: true, withFileTypes: true });
    const counts = Map.groupBy(
      entries.filter((entry) => entry.isFile()),
      ({ parentPath }) => parentPath,
    );
    expect([...counts].filter(([, files]) => files.length > 20).map(([folder]) => folder)).toEqual([]);
  });

  test('are folders in relay/, which has only its README.md at the top', () => {
    const entries = readdirSync(join(source, 'relay'), { withFileTypes: true });
    expect(entries.filter((entry) => entry.isFile()).map(({ name }) => name)).toEqual(['README.md']);
  });
});

describe('the check of imports', () => {
  test('refuses an import of a room that the line does not name, and names the file', () => {
    const wrong = new Map([['relay/wire/http-head.ts', ['relay/sessions/session.ts', 'relay/boundary/table.ts']]]);
    expect(importFaults(wrong)).toEqual([
      'relay/wire/http-head.ts must not import relay/sessions/session.ts: relay/wire may import address, relay/boundary, text',
    ]);
  });

  test('lets in only the file that is named where a line names a file', () => {
    const rules = { driver: [], plane: ['driver/choose-driver.ts'] };
    const wrong = new Map([['plane/plane.ts', ['driver/choose-driver.ts', 'driver/driver.ts']]]);
    expect(importFaults(wrong, rules)).toEqual([
      'plane/plane.ts must not import driver/driver.ts: plane may import driver/choose-driver.ts',
    ]);
  });

  test('refuses a room without a line', () => {
    expect(importFaults(new Map([['utils/all.ts', []]]))).toEqual([
      'utils/all.ts: the room utils has no line in the import rules',
    ]);
  });

  test('finds a line that allows what stands below it, and one that allows what no import uses', () => {
    expect(rulesAgainstTheFlow({ admin: ['daemon'], daemon: [] })).toEqual([
      'admin may import daemon, which does not stand above it',
    ]);
    expect(unusedAllowances(new Map([['cli/a.ts', []]]), { text: [], cli: ['text'] })).toEqual([
      'cli does not import text',
    ]);
  });

  test('reads imports, imports of types, re-exports and dynamic imports, and leaves packages out', () => {
    const text = `
      import { z } from 'zod';
      import type { A } from './a.ts';
      import { b } from '../b.ts';
      export * from './c.ts';
      export type { D } from './d.ts';
      type E = import('./e.ts').E;
      await import('./f.ts');
    `;
    expect(importsOf('room/file.ts', text)).toEqual([
      'b.ts',
      'room/a.ts',
      'room/c.ts',
      'room/d.ts',
      'room/e.ts',
      'room/f.ts',
    ]);
  });

  test('finds a cycle through several files, once', () => {
    const cyclic = new Map([
      ['a.ts', ['b.ts']],
      ['b.ts', ['c.ts']],
      ['c.ts', ['a.ts']],
      ['d.ts', ['a.ts']],
    ]);
    expect(cyclesOf(cyclic)).toEqual([['a.ts', 'b.ts', 'c.ts']]);
  });
});
