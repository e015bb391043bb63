import { readFile } from 'node:fs/promises';
import manifest from '../../package.json' with { type: 'json' };
import { releaseFaults } from './release-faults.ts';

/** `npm run release:check`: says what is missing for a release of this checkout, and exits with 1 if something is. */
const changelog = await readFile(new URL('../../CHANGELOG.md', import.meta.url), 'utf8');
const faults = releaseFaults({ manifest, changelog, environment: process.env });
for (const fault of faults) process.stderr.write(`release:check: ${fault}\n`);
if (faults.length > 0) process.exitCode = 1;
