import { expect, inject, it } from 'vitest';
import { composeProject } from '../../support/engine/compose.ts';
import { answerers, areReplicas, eventually } from '../../support/engine/replica.ts';
import { setUp } from '../../support/engine/beside-engine.ts';
import { lostWith, startLoad } from '../../support/load.ts';

it('docker-compose scales, restarts and recreates replicas under load, and no client fails but those of a dead process', async () => {
  await using t = await setUp();
  const variables = { TOOLS_IMAGE: inject('images').tools, PREFIX: t.prefix, LISTEN: String(t.port) };
  await using project = composeProject('test/support/engine/replicas', variables);
  await project.compose('up', '-d');
  await t.sealane.line({ event: 'route-opened', service: 'web' });
  // Some hundred connections a second, each a new one.
  await using load = startLoad(t.port);
  const untilServed = (count: number): Promise<string[]> => eventually(() => answerers(t.port), areReplicas(count));
  const before = await untilServed(1);
  await project.compose('up', '-d', '--scale', 'web=3');
  await untilServed(3);
  await project.compose('up', '-d', '--scale', 'web=1');
  await untilServed(1);
  await project.compose('restart', 'web');
  await untilServed(1);
  await project.compose('up', '-d', '--force-recreate');
  const [after] = await untilServed(1);
  expect(before).not.toContain(after);
  const tally = await load.stop();
  const gone = t.sealane.lines
    .filter(({ event }) => event === 'upstream-removed')
    .map(({ upstream }) => String(upstream));
  expect(tally.failed - (await lostWith(t.sealane, [...new Set(gone)]))).toBe(0);
  expect(tally.made).toBeGreaterThan(100);
});
