import { fileURLToPath } from 'node:url';
import { describe, expect, inject, it } from 'vitest';
import { run } from '../../dev/machine/command.ts';
import { engineClient } from '../support/engine/containers.ts';
import { expectTour } from '../support/sealane/tour.ts';
import { runSealane } from '../support/sealane/sealane.ts';

const script = fileURLToPath(new URL('../../dev/demo.ts', import.meta.url));
const label = ['dev.sealane.demo'];

/** The tour on containers, by `sealane demo` and by `npm run demo`. */
describe('the tour on an engine', { timeout: 180_000 }, () => {
  it('runs with an image of the engine, without a failed connection, and leaves no container or network', async () => {
    const { code, stdout, stderr } = await runSealane(['demo', '--image', inject('images').sealane]);
    if (code !== 0) throw new Error(stdout + stderr);
    expectTour(stdout, 'docker stop one of the two');
    const client = engineClient();
    expect(await client.listContainers({ all: true, filters: { label } })).toEqual([]);
    expect(await client.listNetworks({ filters: { label } })).toEqual([]);
  });

  it('by npm run demo builds its image from this checkout, and removes it at the end', async () => {
    const stdout = await run(process.execPath, [script], { timeoutMs: 170_000 });
    expectTour(stdout, 'docker stop one of the two');
    expect(await engineClient().listImages({ filters: { reference: ['sealane:demo'] } })).toEqual([]);
  });
});
