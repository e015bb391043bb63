import { readFile } from 'node:fs/promises';
import { sectionOf, withAbsoluteLinks } from './changelog.ts';

/**
 * `npm run release:notes -- VERSION [BASE]`: prints the notes of a release, which are its section of CHANGELOG.md. Links
 * to files become links below BASE, such as `https://github.com/OWNER/sealane/blob/v0.1.0`.
 */
const [version = '', base] = process.argv.slice(2);
const section = sectionOf(await readFile(new URL('../../CHANGELOG.md', import.meta.url), 'utf8'), version);
if (section === undefined) {
  process.stderr.write(`CHANGELOG.md has no section "## [${version}] - YYYY-MM-DD"\n`);
  process.exitCode = 1;
} else {
  process.stdout.write(`${base === undefined ? section.body : withAbsoluteLinks(section.body, base)}\n`);
}
