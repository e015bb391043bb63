import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

export const root = join(import.meta.dirname, '../..');

const schema = z.object({
  version: z.string(),
  description: z.string(),
  repository: z.union([z.string(), z.object({ url: z.string() }).transform(({ url }) => url)]).optional(),
});

const { repository, ...facts } = schema.parse(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')));

export const { version, description } = facts;

/** The repository's address on the forge, from package.json, the one place that has it. */
export const repositoryUrl = (repository ?? 'https://github.com/OWNER/sealane')
  .replace(/^git\+/, '')
  .replace(/\.git$/, '');

/** The path that the site is served below: a project's pages on a forge are at `/sealane/`. */
export const base = process.env['SITE_BASE'] ?? '/';
