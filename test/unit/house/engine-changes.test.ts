import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readImportGraph } from '../../support/house/import-graph.ts';

/**
 * Changing calls to an engine are made in one place, which knows what is allowed. The tour of `sealane demo` is another
 * program, which starts containers of its own with another client.
 */
const source = join(import.meta.dirname, '../../../src');
const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));

function filesWith(pattern: RegExp, within: string): readonly string[] {
  return files
    .filter((file) => file.startsWith(within) && pattern.test(readFileSync(join(source, file), 'utf8')))
    .toSorted();
}

describe('changing calls to an engine', () => {
  const graph = readImportGraph(source);
  const importersOf = (file: string): readonly string[] =>
    [...graph].flatMap(([importer, imports]) => (imports.includes(file) ? importer : [])).toSorted();

  test('are sent by one file, and asked for by one other', () => {
    expect(filesWith(/'(?:POST|PUT|PATCH|DELETE)'/, 'docker/')).toEqual([
      'docker/dockerode/engine-calls.ts',
      'docker/dockerode/modem.ts',
    ]);
    expect(filesWith(/\.change\(/, 'docker/')).toEqual(['docker/dockerode/dockerode-actions.ts']);
  });

  test('have no other way to the engine', () => {
    expect(importersOf('docker/dockerode/modem.ts')).toEqual(['docker/dockerode/engine-calls.ts']);
    expect(importersOf('docker/dockerode/open-dockerode.ts')).toEqual([
      'demo/engine-client.ts',
      'docker/dockerode/modem.ts',
    ]);
    expect(filesWith(/from 'dockerode'/, '')).toEqual(['demo/engine-client.ts', 'docker/dockerode/open-dockerode.ts']);
  });
});
