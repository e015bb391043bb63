import { writeFile } from 'node:fs/promises';
import { metricsPath, renderMetricsPage } from './metrics-page.ts';
import { referencePath, renderReference } from './reference.ts';

/** `npm run docs`: writes the generated pages of the docs. */
await writeFile(referencePath, renderReference());
await writeFile(metricsPath, await renderMetricsPage());
