import { basename } from 'node:path';
import { expect, it } from 'vitest';
import { readProject } from '../../../src/compose/project.ts';

/** Files by name; counts how often one is read. */
function inMemory(textOf: (name: string) => string | undefined) {
  const reads: string[] = [];
  const read = async (path: string): Promise<string> => {
    reads.push(basename(path));
    return textOf(basename(path)) ?? '';
  };
  const exists = async (path: string): Promise<boolean> => textOf(basename(path)) !== undefined;
  const request = { files: ['0'], envFiles: [], profiles: [], projectName: 'p', folder: '/', environment: {} };
  const loader = { read, exists, show: (path: string) => basename(path) };
  return { reads, project: () => readProject(request, loader) };
}

it('files that each include the next one twice are given up after a thousand, not after a billion', async () => {
  const { reads, project } = inMemory((name) => {
    const level = Number(name);
    if (Number.isNaN(level)) return undefined;
    return level < 29 ? `include: ["${level + 1}", "${level + 1}"]` : 'services: { web: { image: web } }';
  });
  await expect(project()).rejects.toThrow(/^\d+:1:1: 1000 files were read before this one/);
  expect(reads).toHaveLength(1_000);
});

it('a file that thousands of services extend is read once', async () => {
  const services = Array.from({ length: 2_000 }, (_, index) => `s${index}: { extends: { file: base, service: web } }`);
  const { reads, project } = inMemory(
    (name) => ({ '0': `services: { ${services.join(', ')} }`, base: 'services: { web: { image: web } }' })[name],
  );
  expect((await project()).services.map(({ image }) => image)).toEqual(services.map(() => 'web'));
  expect(reads).toEqual(['0', 'base']);
});
