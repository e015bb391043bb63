import { readdirSync, readFileSync } from 'node:fs';
import { builtinModules, createRequire } from 'node:module';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import { parseSync } from 'rolldown/utils';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { askSealane } from '../support/sealane/ask.ts';

/** What `npm run build` puts into dist/, which is all that is shipped. */
const dist = join(import.meta.dirname, '../../dist');
const read = (file: string): string => readFileSync(join(dist, file), 'utf8');
const scripts = readdirSync(dist, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.js'));
const bill = z
  .object({ components: z.array(z.object({ group: z.string().optional(), name: z.string(), version: z.string() })) })
  .parse(JSON.parse(read('sbom.cdx.json')));
const titles = bill.components.map(({ group, name, version }) => `${group ? `${group}/` : ''}${name} ${version}`);

/** The schema of the format, which refers to two others by names beside its own. */
function cycloneDxSchema() {
  const require = createRequire(import.meta.url);
  const folder = join(require.resolve('@cyclonedx/cyclonedx-library/package.json'), '../res/schema');
  const schema = (name: string): object =>
    JSON.parse(readFileSync(join(folder, `${name}.SNAPSHOT.schema.json`), 'utf8')) as object;
  const ajv = new Ajv({ strict: false, code: { optimize: false } });
  addFormats.default(ajv);
  for (const format of ['iri-reference', 'idn-email']) ajv.addFormat(format, true);
  for (const name of ['spdx', 'jsf-0.82'])
    ajv.addSchema(schema(name), `http://cyclonedx.org/schema/${name}.SNAPSHOT.schema.json`);
  return ajv.compile(schema('bom-1.6'));
}

describe('what is shipped', () => {
  it('needs nothing but Node', () => {
    const foreign = scripts.flatMap((file) => {
      const { staticImports, dynamicImports } = parseSync(file, read(file)).module;
      const names = [
        ...staticImports.map(({ moduleRequest }) => moduleRequest.value),
        ...dynamicImports.map(({ moduleRequest: { start, end } }) => read(file).slice(start + 1, end - 1)),
      ];
      return names.filter((name) => !/^(?:\.|node:)/.test(name) && !builtinModules.includes(name));
    });
    expect(foreign).toEqual([]);
  });

  it('has the license, and those of the packages of the program and the dashboard', () => {
    expect(read('LICENSE')).toContain('MIT License');
    const notices = read('THIRD-PARTY-NOTICES.txt').split(`\n\n${'-'.repeat(80)}\n\n`);
    expect(notices.slice(1).map((notice) => notice.split(' (')[0])).toEqual(titles);
    expect(titles.map((title) => title.split(' ')[0])).toEqual(
      expect.arrayContaining(['dockerode', 'preact', 'rolldown', 'uplot', 'zod']),
    );
    for (const notice of notices.slice(1)) expect(notice.split('\n').length).toBeGreaterThan(5);
  });

  it('prints them all', async () => {
    const { code, stdout } = await askSealane(['licenses']);
    expect(code).toBe(0);
    expect(stdout.startsWith('MIT License\n')).toBe(true);
    for (const title of titles) expect(stdout).toContain(`\n${title} (`);
  });

  it('has a bill of materials that is valid by its format', () => {
    const validate = cycloneDxSchema();
    expect([validate(JSON.parse(read('sbom.cdx.json'))), validate.errors]).toEqual([true, null]);
  });

  it('has of the Docker client no gRPC, no SSH of its own and no archives', () => {
    const names = titles.map((title) => title.split(' ')[0]);
    for (const absent of ['@grpc/grpc-js', 'protobufjs', 'ssh2', 'tar-fs', 'readable-stream'])
      expect(names).not.toContain(absent);
  });
});
