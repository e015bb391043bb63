import { describe, expect, it } from 'vitest';
import type { TestContainer } from '../../support/engine/containers.ts';
import { keepChecking } from '../../support/engine/health-checks.ts';
import { answerers, eventually, startReplica, whoAnswers } from '../../support/engine/replica.ts';
import { setUp } from '../../support/engine/beside-engine.ts';
import { engineDifferences } from '../../support/engine/tested-engine.ts';
import { upstreamIs } from '../../support/sealane/sealane.ts';

describe('a container with a HEALTHCHECK', () => {
  const healthcheck = {
    Healthcheck: {
      Test: ['CMD-SHELL', 'test -e /tmp/well'],
      Interval: 200_000_000,
      Timeout: 1_000_000_000,
      Retries: 1,
    },
  };

  it('is ready when the engine reports it healthy, gets no clients while unhealthy, and returns', async () => {
    await using t = await setUp();
    await using sick = await startReplica({ labels: t.labelled(), create: healthcheck });
    await t.sealane.line({ event: 'upstream-added', service: 'web', state: 'starting' });
    await expectChecks(sick);
    await using checks = keepChecking(sick);
    await t.sealane.line({ event: 'route-opened', service: 'web' });
    const answer = whoAnswers(t.port);
    await sick.exec(['touch', '/tmp/well']);
    await t.sealane.line(upstreamIs(/./, 'ready'));
    expect(await answer).toBe(sick.name);

    await using other = await startReplica({ labels: t.labelled() });
    await t.sealane.line(upstreamIs(other.name, 'ready'));
    await sick.exec(['rm', '/tmp/well']);
    await t.sealane.line({ event: 'upstream-changed', upstream: sick.name, state: 'unhealthy' });
    // The relay threads learn of it a moment after the log.
    await eventually(
      () => answerers(t.port),
      (names) => names.join() === other.name,
    );
    const from = t.sealane.lines.length;
    await sick.exec(['touch', '/tmp/well']);
    await t.sealane.line({ event: 'upstream-changed', upstream: sick.name, state: 'ready' }, from);
    expect(await answerers(t.port)).toEqual([other.name, sick.name].toSorted());
    await checks.stop();
  });
});

/** Expects that the engine checks the container, or that it has not done so while another one started, which takes longer. */
async function expectChecks(container: TestContainer): Promise<void> {
  const results = async (): Promise<number> => (await container.inspect()).State.Health?.Log?.length ?? 0;
  if (engineDifferences().checksHealth) {
    await eventually(results, (count) => count > 0);
  } else {
    await using _ = await startReplica();
    expect(await results()).toBe(0);
  }
}
