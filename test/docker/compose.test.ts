import { describe, expect, it } from 'vitest';
import { composeProject } from '../support/engine/compose.ts';
import { eventually } from '../support/engine/replica.ts';

/** The effects of compose commands on the clients of the top-level compose file. */
describe('docker-compose', () => {
  it('run creates a one-off container with the service’s labels, which gets no clients', async () => {
    await using project = composeProject('.');
    await project.compose('up', '-d', '--no-build');
    const port = await project.port('sealane', 8080);
    const [only] = await eventually(
      () => hostnames(port),
      (names) => names.length === 1,
      30_000,
    );
    await project.compose('run', '-d', '--no-deps', 'whoami');
    // Once the second real replica serves, Sealane has also seen the one-off container, which was created before it.
    await project.compose('up', '-d', '--no-build', '--scale', 'whoami=2');
    const names = await eventually(
      () => hostnames(port),
      (found) => found.length >= 2,
    );
    expect(names).toHaveLength(2);
    expect(names).toContain(only);
  });

  it('up --force-recreate replaces the only replica, and its clients wait for the new one', async () => {
    await using project = composeProject('.');
    await project.compose('up', '-d', '--no-build');
    const port = await project.port('sealane', 8080);
    const [before] = await eventually(
      () => hostnames(port),
      (names) => names.length === 1,
      30_000,
    );
    await project.compose('up', '-d', '--no-build', '--force-recreate', '--no-deps', 'whoami');
    const [after] = await hostnames(port);
    expect(after).toMatch(/^[0-9a-f]{12}$/);
    expect(after).not.toBe(before);
  });
});

/** The distinct replicas that answer 12 connections; none while Sealane does not listen yet. */
async function hostnames(port: number): Promise<string[]> {
  const names = new Set<string>();
  for (let round = 0; round < 12; round += 1) {
    const response = await fetch(`http://127.0.0.1:${port}/`, { headers: { connection: 'close' } }).catch(
      () => undefined,
    );
    const name = response && /^Hostname: (.+)$/m.exec(await response.text())?.[1];
    if (name === undefined) return [];
    names.add(name);
  }
  return [...names].toSorted();
}
