import { fileURLToPath } from 'node:url';
import { describe, expect, inject, it } from 'vitest';
import { run } from '../../dev/machine/command.ts';
import { testEngine } from '../support/engine/containers.ts';
import { expectTour } from '../support/sealane/tour.ts';
import { runSealane } from '../support/sealane/sealane.ts';

const script = fileURLToPath(new URL('../../dev/demo.ts', import.meta.url));
const label = ['dev.sealane.demo'];

/** The tour on containers, with the product's own command and with the one of this checkout. */
describe('the tour on an engine', { timeout: 180_000 }, () => {
  it('runs with an image that the engine holds, without a failed connection, and leaves no container or network', async () => {
    const { code, stdout, stderr } = await runSealane(['demo', '--image', inject('images').sealane]);
    if (code !== 0) throw new Error(stdout + stderr);
    expectTour(stdout, 'docker stop one of the two');
    const client = testEngine();
    expect(await client.listContainers({ all: true, filters: { label } })).toEqual([]);
    expect(await client.listNetworks({ filters: { label } })).toEqual([]);
  });

  it('of npm run demo builds its image from this checkout, and removes it in the end', async () => {
    const stdout = await run(process.execPath, [script], { timeoutMs: 170_000 });
    expectTour(stdout, 'docker stop one of the two');
    expect(await testEngine().listImages({ filters: { reference: ['sealane:demo'] } })).toEqual([]);
  });
});
