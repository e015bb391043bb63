import { constants } from 'node:fs';
import { access, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { projectRoot } from '../../../dev/images/sealane-image.ts';
import { publishedPages, renderPublished } from '../../support/published.ts';

/**
 * What the workflows call is there, and what they may do is said. `npm run test:release` has the tools that judge the
 * rest.
 */
const stepSchema = z.looseObject({ uses: z.string().optional(), run: z.string().optional() });
const jobSchema = z.looseObject({
  permissions: z.record(z.string(), z.string()),
  'timeout-minutes': z.number().optional(),
  uses: z.string().optional(),
  steps: z.array(stepSchema).default([]),
});
const workflowSchema = z.looseObject({
  permissions: z.strictObject({}),
  concurrency: z.looseObject({ group: z.string() }),
  jobs: z.record(z.string(), jobSchema),
});

const folder = join(projectRoot, '.github/workflows');
const workflows = await Promise.all(
  (await readdir(folder)).map(async (name) => {
    const text = await readFile(join(folder, name), 'utf8');
    return { name, text, jobs: Object.entries(workflowSchema.parse(parse(text)).jobs) };
  }),
);
const { scripts } = z
  .looseObject({ scripts: z.record(z.string(), z.string()) })
  .parse(JSON.parse(await readFile(join(projectRoot, 'package.json'), 'utf8')));

async function isExecutable(path: string): Promise<boolean> {
  return access(join(projectRoot, path), constants.X_OK).then(
    () => true,
    () => false,
  );
}

describe.each(workflows)('the workflow $name', ({ text, jobs }) => {
  const steps = jobs.flatMap(([, job]) => job.steps);

  it('gives each job an end, and only the rights that it needs', () => {
    for (const [name, job] of jobs) {
      expect([name, job['timeout-minutes'] !== undefined || job.uses !== undefined]).toEqual([name, true]);
      expect([name, job.permissions['contents']]).toEqual([name, expect.stringMatching(/^(?:read|write)$/)]);
    }
  });

  it('names each foreign action by the hash of a commit, with its version beside it', () => {
    const uses = [...text.matchAll(/^ *(?:- )?uses: (.*)$/gm)].map(([, name = '']) => name);
    const foreign = uses.filter((name) => !name.startsWith('./'));
    expect(foreign.filter((name) => !/^[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(name))).toEqual([]);
  });

  it('calls only scripts that exist', async () => {
    const commands = steps.flatMap(({ run }) => (run === undefined ? [] : [run]));
    const npm = commands.flatMap((run) =>
      [...run.matchAll(/npm run (?:--silent )?([\w:]+)/g)].map(([, name = '']) => name),
    );
    expect(npm.filter((name) => !Object.hasOwn(scripts, name))).toEqual([]);
    const files = commands.flatMap((run) => run.match(/(?:dev|\.ci|\.github)\/[\w./-]+/g) ?? []);
    for (const file of files) expect([file, await isExecutable(file)]).toEqual([file, true]);
  });

  it('reads no text from an event into a shell script', () => {
    const read = steps.filter(({ run }) => run?.includes('${{'));
    expect(read).toEqual([]);
  });
});

it.each(publishedPages)(
  '%s names the repository and the version of package.json (npm run docs writes them)',
  async (path) => {
    expect(await readFile(path, 'utf8')).toBe(await renderPublished(path));
  },
);

it('the action and the hook of pre-commit run the same script', async () => {
  const hooks = z
    .tuple([z.looseObject({ entry: z.string(), language: z.literal('script'), files: z.string() })])
    .parse(parse(await readFile(join(projectRoot, '.pre-commit-hooks.yaml'), 'utf8')));
  const [{ entry, files }] = hooks;
  expect(await isExecutable(entry)).toBe(true);
  const action = await readFile(join(projectRoot, '.github/actions/check/action.yml'), 'utf8');
  expect(action).toContain(`$GITHUB_ACTION_PATH/${entry.replace('.github/actions/check/', '')}`);
  const isWatched = (path: string): boolean => new RegExp(files).test(path);
  expect(['compose.yaml', 'docker-compose.yml', 'shop/compose.override.yml', '.env'].filter(isWatched)).toHaveLength(4);
  expect(['docs/compose.md', 'notcompose.yaml', 'shop/values.yaml', 'a.env'].filter(isWatched)).toEqual([]);
});

it('the script of the action reads the version and the oldest Node from package.json', async () => {
  const manifest = await readFile(join(projectRoot, 'package.json'), 'utf8');
  // The form of the lines that it looks for.
  expect(manifest.match(/^ {2}"version": ".*",$/gm)).toHaveLength(1);
  expect(manifest.match(/^ {4}"node": ">=[0-9.]+"$/gm)).toHaveLength(1);
});
