import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { checkProject } from '../../../src/check/check.ts';
import { renderReport } from '../../../src/check/report.ts';
import { createDiskLoader } from '../../../src/compose/disk-loader.ts';
import { readProject } from '../../../src/compose/project.ts';
import { parseConfigFile } from '../../../src/config/file.ts';
import { docSnippets } from '../../support/doc-snippets.ts';
import { tempFolder } from '../../support/temp-folder.ts';

/** Compose files and configuration files. `ci` marks files of GitHub and pre-commit. */
const snippets = (await docSnippets()).filter(({ mark }) => mark !== 'ci');

/** A block with upstreams is Sealane's own file; every other one is a compose file. */
function isOwnFile(text: string): boolean {
  const { services } = parse(text) as { services?: Record<string, object> };
  return Object.values(services ?? {}).some((service) => 'upstreams' in service);
}

describe('the YAML in the docs', () => {
  it('is found in the README and in the reference', () => {
    const pages = snippets.map(({ where }) => where.replace(/:\d+$/, ''));
    expect(pages).toEqual(expect.arrayContaining(['README.md', 'docs/reference.md', 'docs/migrating.md']));
  });

  it.each(snippets.filter(({ text }) => isOwnFile(text)))('at $where is a configuration file', ({ text }) => {
    expect(() => parseConfigFile(text, 'sealane.yaml')).not.toThrow();
  });

  it.each(snippets.filter(({ text }) => !isOwnFile(text)))(
    'at $where has no fault for sealane check',
    async ({ text }) => {
      await using folder = await tempFolder();
      await folder.write('compose.yaml', text);
      const disk = createDiskLoader(folder.path);
      const request = {
        files: [],
        envFiles: [],
        profiles: [],
        projectName: 'docs',
        folder: folder.path,
        environment: {},
      };
      const report = checkProject(await readProject(request, disk), { labelPrefix: 'sealane' });
      expect([...report.labelled, ...report.sealane]).not.toEqual([]);
      expect(report.findings.length, renderReport(report, 'text', { colour: false, lineOf: disk.lineOf })).toBe(0);
    },
  );
});
