import { expect, it } from 'vitest';
import { runSealane } from '../../support/sealane/sealane.ts';

it('says on an older Node which one it needs, before anything else is loaded', async () => {
  const pretend = (version: string): string =>
    `data:text/javascript,Object.defineProperty(process,'versions',{value:{...process.versions,node:'${version}'}})`;
  const on = (version: string) =>
    runSealane(['--version'], { NODE_OPTIONS: `--import ${JSON.stringify(pretend(version))}` });
  for (const old of ['22.11.0', '20.20.2', '8.0.0']) {
    expect(await on(old)).toEqual({
      code: 1,
      stdout: '',
      stderr: `sealane: needs Node 22.12 or newer, and this is Node ${old}\n`,
    });
  }
  for (const good of ['22.12.0', '100.0.0']) expect(await on(good)).toMatchObject({ code: 0, stderr: '' });
});
