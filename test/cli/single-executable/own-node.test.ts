import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { runSealane, startSealane } from '../../support/sealane/sealane.ts';
import { freePort } from '../../support/sockets/free-port.ts';

// The single executable has its own Node, and takes no notice of variables for another.
it('takes no options for a Node', async () => {
  expect(await runSealane(['--version'], { NODE_OPTIONS: '--nonsense' })).toMatchObject({ code: 0, stderr: '' });
});

it('is called sealane by ps', async () => {
  await using sealane = startSealane(`127.0.0.1:${await freePort()}`);
  await sealane.firstOutput();
  expect(await readFile(`/proc/${sealane.process.pid}/comm`, 'utf8')).toBe('sealane\n');
});
