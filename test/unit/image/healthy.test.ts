import { execFile } from 'node:child_process';
import { chmod, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { tempFolder, type TempFolder } from '../../support/temp-folder.ts';

/**
 * The HEALTHCHECK of the image, run by this machine's shell, with a `sleep` that only notes that it was called, and
 * writes what Sealane wrote meanwhile.
 */
const script = fileURLToPath(new URL('../../../image/healthy.sh', import.meta.url));

async function uptime(): Promise<number> {
  return Math.floor(Number.parseFloat(await readFile('/proc/uptime', 'utf8')));
}

async function check(
  folder: TempFolder,
  written: string | undefined,
  later = '',
): Promise<{ readonly code: number; readonly output: string; readonly slept: string }> {
  const ready = written === undefined ? `${folder.path}/none` : await folder.write('ready', written);
  const slept = await folder.write('slept', '');
  await folder.write('later', later);
  await chmod(
    await folder.write(
      'sleep',
      `#!/bin/sh\necho "$1" > ${slept}\nwhile IFS= read -r line; do echo "$line"; done < ${folder.path}/later > ${ready}\n`,
    ),
    0o755,
  );
  const env = { PATH: `${folder.path}:${process.env['PATH']}`, SEALANE_DEFAULT_READY_FILE: ready };
  const { code, output } = await new Promise<{ code: number; output: string }>((resolve) => {
    execFile('sh', [script], { env }, (error, stdout) => resolve({ code: Number(error?.code ?? 0), output: stdout }));
  });
  return { code, output, slept: (await readFile(slept, 'utf8')).trim() };
}

describe('the HEALTHCHECK of the image', () => {
  it('passes at once for a Sealane that has just become ready', async () => {
    await using folder = await tempFolder();
    const now = await uptime();
    expect(await check(folder, `ready ${now} ${now - 2}\nthe list was read\n`)).toEqual({
      code: 0,
      output: 'ready: the list was read\n',
      slept: '',
    });
  });

  it('waits before it looks at one that has been ready for a while', async () => {
    await using folder = await tempFolder();
    const now = await uptime();
    const before = `ready ${now - 3} ${now - 1_000}\nwas read\n`;
    expect(await check(folder, before, `ready ${now} ${now - 1_000}\nis read\n`)).toEqual({
      code: 0,
      output: 'ready: is read\n',
      slept: '50',
    });
    expect(await check(folder, before, `not-ready ${now} ${now}\nstopping\n`)).toEqual({
      code: 1,
      output: 'not-ready: stopping\n',
      slept: '50',
    });
  });

  it('fails at once for one that is not ready, is stuck, or has written nothing yet', async () => {
    await using folder = await tempFolder();
    const now = await uptime();
    expect(await check(folder, `not-ready ${now} ${now - 1_000}\nreading\n`)).toEqual({
      code: 1,
      output: 'not-ready: reading\n',
      slept: '',
    });
    const stuck = await check(folder, `ready ${now - 60} ${now - 60}\nx\n`, `ready ${now - 60} ${now - 60}\nx\n`);
    expect(stuck).toMatchObject({
      code: 1,
      output: expect.stringMatching(/^not ready: no sign of life for 6\d seconds\n$/),
      slept: '',
    });
    expect(await check(folder, undefined)).toMatchObject({
      code: 1,
      output: expect.stringMatching(/^not ready: there is no file .*none of a running Sealane\n$/),
    });
  });
});
