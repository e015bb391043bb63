import { writeFile } from 'node:fs/promises';
import { metricsPath, renderMetricsPage } from './metrics-page.ts';
import { referencePath, renderReference } from './reference.ts';

/** `npm run docs`. */
await writeFile(referencePath, renderReference());
await writeFile(metricsPath, await renderMetricsPage());
