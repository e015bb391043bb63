import { mkdir } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { noticesOf } from '../../../third-party-notices.ts';
import { tempFolder, type TempFolder } from '../../support/temp-folder.ts';

async function install(folder: TempFolder, path: string, json: object, texts: Record<string, string>): Promise<string> {
  await mkdir(`${folder.path}/${path}`, { recursive: true });
  await folder.write(`${path}/package.json`, JSON.stringify(json));
  for (const [name, text] of Object.entries(texts)) await folder.write(`${path}/${name}`, text);
  return `${folder.path}/${path}/lib/index.js`;
}

describe('the third-party notices', () => {
  it('have each bundled package once, with its license, and none of the program’s own modules', async () => {
    await using folder = await tempFolder();
    const b = await install(
      folder,
      'node_modules/b',
      { name: 'b', version: '1.0.0', license: 'MIT' },
      { 'LICENSE.md': 'Terms of b' },
    );
    const a = await install(
      folder,
      'node_modules/b/node_modules/@x/a',
      { name: '@x/a', version: '2.0.0', license: 'ISC', author: { name: 'Ada' } },
      { LICENCE: 'Terms of a', NOTICE: 'Note of a', 'license-check.js': 'code' },
    );
    const text = noticesOf([b, `\0${b}?commonjs`, a, `${folder.path}/src/main.ts`]);
    expect(text.split(`\n\n${'-'.repeat(80)}\n\n`).slice(1)).toEqual([
      '@x/a 2.0.0 (ISC), by Ada\n\nTerms of a\n\nNote of a',
      'b 1.0.0 (MIT)\n\nTerms of b\n',
    ]);
  });

  it('can’t be made for a package without a license', async () => {
    await using folder = await tempFolder();
    const module = await install(folder, 'node_modules/c', { name: 'c', version: '1.0.0' }, {});
    expect(() => noticesOf([module])).toThrow('c has no license');
  });
});
