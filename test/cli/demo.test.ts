import { expect, it } from 'vitest';
import { expectTour } from '../support/sealane/tour.ts';
import { runSealane } from '../support/sealane/sealane.ts';

it('where no engine answers, the tour runs on local processes and says why', { timeout: 120_000 }, async () => {
  const { code, stdout } = await runSealane(['demo'], { DOCKER_HOST: 'unix:///nowhere/docker.sock' });
  if (code !== 0) throw new Error(stdout);
  expect(stdout).toContain('there is no engine socket at /nowhere/docker.sock');
  expect(stdout).toContain('on local processes');
  expectTour(stdout, 'Take one of the two out of the file, then stop it');
});
