import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { projectRoot } from '../../dev/images/sealane-image.ts';
import { table } from './reference.ts';

/**
 * Renders the list of decisions from their titles. `npm run docs` writes it; a test compares.
 */
export const decisionsPath = 'docs/decisions/README.md';

export async function renderDecisions(): Promise<string> {
  const folder = join(projectRoot, 'docs/decisions');
  const files = (await readdir(folder)).filter((name) => /^\d+-/.test(name)).toSorted();
  const rows = await Promise.all(
    files.map(async (file) => {
      const page = await readFile(join(folder, file), 'utf8');
      const [, number = '', title = ''] = /^# (\d+)\. (.+)$/m.exec(page) ?? [];
      return [number, `[${title}](${file})`];
    }),
  );
  return `# Decisions

<!-- Generated from the titles of the decisions by \`npm run docs\`. Do not edit. -->

Why things are as they are: each note has the context, the decision, what follows from it, and the measurement that decided.

${table(['', 'decision'], rows)}
`;
}
