import { readFile, writeFile } from 'node:fs/promises';
import { sectionOf } from '../../dev/packaging/changelog.ts';
import { version } from '../../src/version.ts';
import { manualPath, renderManual } from './manual.ts';
import { apiPath, renderApi } from './api-page.ts';
import { decisionsPath, renderDecisions } from './decisions-page.ts';
import { metricsPath, renderMetricsPage } from './metrics-page.ts';
import { fileJsonSchema, labelsJsonSchema } from '../../src/config/json-schema.ts';
import { publishedPages, renderPublished } from './published.ts';
import { referencePages } from './reference-pages.ts';
import { fileSchemaPath, labelsSchemaPath, referencePath, renderJson, renderReference } from './reference.ts';

/** `npm run docs`: writes the generated pages of the docs. */
await writeFile(referencePath, renderReference());
await writeFile(fileSchemaPath, renderJson(fileJsonSchema()));
await writeFile(labelsSchemaPath, renderJson(labelsJsonSchema('sealane')));
await writeFile(metricsPath, await renderMetricsPage());
await writeFile(manualPath, renderManual(sectionOf(await readFile('CHANGELOG.md', 'utf8'), version)?.date ?? ''));
for (const path of publishedPages) await writeFile(path, await renderPublished(path));
await writeFile(decisionsPath, await renderDecisions());
for (const [path, render] of Object.entries(referencePages)) await writeFile(path, render());
await writeFile(apiPath, await renderApi());
