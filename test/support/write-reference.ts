import { writeFile } from 'node:fs/promises';
import { referencePath, renderReference } from './reference.ts';

/** `npm run docs`. */
await writeFile(referencePath, renderReference());
