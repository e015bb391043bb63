import { expect, it } from 'vitest';
import { runSealane } from '../support/sealane/sealane.ts';
import { testEngine } from '../support/engine/containers.ts';

/**
 * `sealane demo`, as its users see it.
 */
const phases = ['One replica', 'Scale up to four', 'Scale down to two'];

it(
  'the tour on an engine ends with code 0 and no failed connection, and leaves no container, network or image behind',
  { timeout: 180_000 },
  async () => {
    const { code, stdout, stderr } = await runSealane(['demo']);
    if (code !== 0) throw new Error(stdout + stderr);
    for (const phase of [...phases, 'docker stop one of the two']) expect(stdout).toContain(`\n${phase}\n`);
    expect(stdout.match(/^\d+ connections, 0 failed, longest wait \d+ ms$/gm)).toHaveLength(5);
    expect(stdout).toMatch(/whoami-4 +█+ +\d+/);
    const client = testEngine();
    const label = ['dev.sealane.demo'];
    expect(await client.listContainers({ all: true, filters: { label } })).toEqual([]);
    expect(await client.listNetworks({ filters: { label } })).toEqual([]);
    expect(await client.listImages({ filters: { reference: ['sealane:demo'] } })).toEqual([]);
  },
);

it('where no engine answers, the same tour runs on local processes and says so', async () => {
  const { code, stdout } = await runSealane(['demo'], { DOCKER_HOST: 'unix:///nowhere/docker.sock' });
  if (code !== 0) throw new Error(stdout);
  expect(stdout).toContain('no Docker engine answers at unix:///nowhere/docker.sock');
  expect(stdout).toContain('on local processes');
  expect(stdout.match(/^\d+ connections, 0 failed, longest wait \d+ ms$/gm)).toHaveLength(5);
});
