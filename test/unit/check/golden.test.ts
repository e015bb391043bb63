import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkProject, type FileKind } from '../../../src/check/check.ts';
import { renderReport, type ReportFormat } from '../../../src/check/report.ts';
import { createDiskLoader } from '../../../src/compose/disk-loader.ts';
import { readProject, type ProjectRequest } from '../../../src/compose/project.ts';

const fixtures = join(import.meta.dirname, 'fixtures');

async function check(
  folder: string,
  format: ReportFormat = 'text',
  { readAs, ...over }: Partial<ProjectRequest> & { readonly readAs?: FileKind } = {},
): Promise<string> {
  const disk = createDiskLoader(folder);
  const request = { files: [], envFiles: [], profiles: [], projectName: undefined, folder, environment: {}, ...over };
  const report = checkProject(await readProject(request, disk), { labelPrefix: 'sealane', readAs });
  return renderReport(report, format, { colour: false, lineOf: disk.lineOf });
}

/** What each compose file is answered with is beside it; `npx vitest -u` writes it anew. */
describe('sealane check says of a compose project', async () => {
  const names = await readdir(fixtures);
  it.each(names.toSorted())('%s what is written beside it', async (name) => {
    await expect(await check(join(fixtures, name))).toMatchFileSnapshot(join(fixtures, name, 'expected.txt'));
  });
});

describe('sealane check', () => {
  it('writes annotations whose every part stays in its location, whatever a label holds', async () => {
    const lines = (await check(join(fixtures, 'hostile'), 'github')).trimEnd().split('\n');
    expect(lines).toHaveLength(2);
    for (const line of lines) expect(line).toMatch(/^::error file=compose\.yaml,line=\d+,col=\d+,title=label-[a-z]+::/);
    expect(lines[1]).toContain('prot,x:y');
  });

  it('writes JSON with the location, the services and the fix of each problem', async () => {
    const report: unknown = JSON.parse(await check(join(fixtures, 'anchors'), 'json'));
    expect(report).toMatchObject({
      services: ['sealane', 'a', 'b'],
      labelled: ['a', 'b'],
      sealane: ['sealane'],
      problems: [
        {
          code: 'label-unknown',
          file: 'compose.yaml',
          line: 6,
          column: 3,
          services: ['a', 'b'],
          fix: expect.any(String),
        },
        { code: 'listen-conflict', services: ['b'] },
      ],
    });
  });

  it('tells problems from warnings in every format', async () => {
    const folder = join(fixtures, 'dollars');
    const report: unknown = JSON.parse(await check(folder, 'json'));
    expect(report).toMatchObject({
      problems: { length: 3 },
      warnings: [{ code: 'dollar', line: 7, services: [] }, {}],
    });
    expect(await check(folder, 'github')).toMatch(
      /^::warning file=compose\.yaml,line=7,col=17,title=dollar::a dollar/m,
    );
  });

  it('takes files that are named one over the other, and leaves out what is not', async () => {
    const folder = join(fixtures, 'override');
    expect(await check(folder, 'text', { files: ['compose.yaml'] })).toContain('port 9999 of sealane');
    expect(await check(folder, 'text', { files: ['compose.yaml', 'compose.override.yaml'] })).toBe(await check(folder));
  });

  it('reads files as it is told to, and says which kind it took them for', async () => {
    const folder = join(fixtures, 'stack-of-an-app');
    const asCompose = await check(folder, 'text', { readAs: 'compose' });
    expect(asCompose).toContain('label "sealane.port" stands under deploy');
    expect(asCompose).toMatch(/run on the host\)\n$/);
    expect(JSON.parse(await check(folder, 'json'))).toMatchObject({ readAs: 'stack' });
    expect(await check(join(fixtures, 'web-and-db'), 'text', { readAs: 'stack' })).toMatch(/; read as a stack's\)\n$/);
  });

  it('looks at the profiles that were asked for together', async () => {
    const report = await check(join(fixtures, 'profiles'), 'text', { profiles: ['dev', 'staging'] });
    expect(report).toContain('db-replica wants 0.0.0.0:5432');
  });

  it('prefers variables of the environment to those of .env', async () => {
    const report = await check(join(fixtures, 'variables'), 'text', { environment: { HOLD: 'long', DB_WEIGHT: '7' } });
    expect(report).toContain('not "long"');
    expect(report).not.toContain('$DB_WEIGHT');
  });

  it('has nothing to say against our own compose files', async () => {
    const root = join(import.meta.dirname, '../../..');
    const examples = await readdir(join(root, 'examples'), { withFileTypes: true });
    for (const folder of ['.', ...examples.filter((one) => one.isDirectory()).map(({ name }) => `examples/${name}`)]) {
      const stacks = (await readdir(join(root, folder))).filter((name) => /^stack.*\.yaml$/.test(name));
      const texts = stacks.map((name) => check(join(root, folder), 'text', { files: [name], envFiles: 'none' }));
      for (const text of texts.length > 0 ? texts : [check(join(root, folder))])
        expect(await text, folder).toMatch(
          /^no problems .* through sealane(?:, sealane-on-workers)?(?:; read as a stack's.*)?\)\n$/,
        );
    }
  });
});
