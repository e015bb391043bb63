import { mkdir } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { noticesOf } from '../../../../dev/packaging/notices.ts';
import { packagesOf } from '../../../../dev/packaging/packages.ts';
import { sbomOf } from '../../../../dev/packaging/sbom.ts';
import { tempFolder, type TempFolder } from '../../../support/temp-folder.ts';

async function install(folder: TempFolder, path: string, json: object, texts: Record<string, string>): Promise<string> {
  await mkdir(`${folder.path}/${path}`, { recursive: true });
  await folder.write(`${path}/package.json`, JSON.stringify({ version: '1.0.0', license: 'MIT', ...json }));
  for (const [name, text] of Object.entries(texts)) await folder.write(`${path}/${name}`, text);
  return `${folder.path}/${path}/lib/index.js`;
}

/** The modules of a bundle with two packages, one inside the other. */
async function installTwo(folder: TempFolder): Promise<readonly string[]> {
  const json = { name: 'b', dependencies: { '@x/a': '^2.0.0', unused: '*' } };
  const b = await install(folder, 'node_modules/b', json, { 'LICENSE.md': 'Terms of b' });
  const a = await install(
    folder,
    'node_modules/b/node_modules/@x/a',
    { name: '@x/a', version: '2.0.0', license: 'ISC', author: { name: 'Ada' } },
    { LICENCE: 'Terms of a', NOTICE: 'Note of a', 'license-check.js': 'code' },
  );
  return [b, `\0${b}?commonjs`, a, `${folder.path}/src/main.ts`];
}

describe('the third-party notices', () => {
  it('have each bundled package once, with its license, and none of the program’s own modules', async () => {
    await using folder = await tempFolder();
    const text = noticesOf(packagesOf(await installTwo(folder)));
    expect(text.split(`\n\n${'-'.repeat(80)}\n\n`).slice(1)).toEqual([
      '@x/a 2.0.0 (ISC), by Ada\n\nTerms of a\n\nNote of a',
      'b 1.0.0 (MIT)\n\nTerms of b\n',
    ]);
  });

  it('have the standard text where a package has no file with it', async () => {
    await using folder = await tempFolder();
    const text = noticesOf(packagesOf([await install(folder, 'node_modules/c', { name: 'c' }, {})]));
    expect(text).toMatch(/^c 1\.0\.0 \(MIT\)\n\nCopyright \(c\) the authors of c\n\nPermission is hereby granted/m);
    const bsd = packagesOf([await install(folder, 'node_modules/d', { name: 'd', license: 'BSD-3-Clause' }, {})]);
    expect(() => noticesOf(bsd)).toThrow('d 1.0.0 has no file with its license, BSD-3-Clause');
  });

  it('name the bundler whose own code is in the bundle', () => {
    expect(packagesOf(['\0rolldown/runtime.js', '\0builtin:fs']).map(({ name }) => name)).toEqual(['rolldown']);
  });

  it.each([
    [{ license: undefined }, 'its license is not told'],
    [{ license: 'GPL-3.0-only' }, 'its license is GPL-3.0-only'],
  ])('can’t be made for a package with %j', async (json, reason) => {
    await using folder = await tempFolder();
    const module = await install(folder, 'node_modules/c', { name: 'c', ...json }, { LICENSE: 'Terms' });
    expect(() => packagesOf([module])).toThrow(`c 1.0.0 can't be shipped: ${reason}`);
  });
});

describe('the bill of materials', () => {
  it('has each package with its license and what it needs of the others, and is the same for the same bundle', async () => {
    await using folder = await tempFolder();
    const packages = packagesOf(await installTwo(folder));
    const bill = sbomOf(packages);
    expect(bill).toMatchObject({
      components: [
        { group: '@x', name: 'a', purl: 'pkg:npm/%40x/a@2.0.0', licenses: [{ license: { id: 'ISC' } }] },
        { name: 'b', purl: 'pkg:npm/b@1.0.0' },
      ],
      dependencies: expect.arrayContaining([{ ref: 'pkg:npm/b@1.0.0', dependsOn: ['pkg:npm/%40x/a@2.0.0'] }]),
    });
    expect(sbomOf(packages)).toEqual(bill);
    expect(sbomOf(packages, '86400')).toMatchObject({ metadata: { timestamp: '1970-01-02T00:00:00.000Z' } });
  });
});
