import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { composeProject, type ComposeProject } from '../support/engine/compose.ts';
import { hostnames, untilServed, whileAsking } from '../support/engine/get.ts';

/**
 * The effects of compose commands on the clients of two compose files. The tests of a file share one project of it, which
 * starts with one replica of its service.
 */
function sharedProject(folder: string, service: string) {
  let project: ComposeProject;
  let port: number;
  beforeAll(async () => {
    project = composeProject(folder);
    await project.compose('up', '-d', '--no-build');
    port = await project.port('sealane', 8080);
  });
  afterAll(() => project[Symbol.asyncDispose]());
  return {
    port: () => port,
    compose: (...args: readonly string[]) => project.compose(...args),
    scale: (replicas: number) => project.compose('up', '-d', '--no-build', '--scale', `${service}=${replicas}`),
  };
}

async function expectBalance({ port, scale }: ReturnType<typeof sharedProject>): Promise<void> {
  await scale(3);
  await untilServed(port(), 3);
  expect(await whileAsking(port(), scale(1))).toBeGreaterThan(10);
  expect(await untilServed(port(), 1)).toHaveProperty('size', 1);
}

describe('the top-level compose file', () => {
  const project = sharedProject('.', 'whoami');

  it('up --force-recreate replaces the only replica, and its clients wait for the new one', async () => {
    const [before] = await untilServed(project.port(), 1);
    await project.compose('up', '-d', '--no-build', '--force-recreate', '--no-deps', 'whoami');
    const [after] = await hostnames(project.port());
    expect(after).toMatch(/^[0-9a-f]{12}$/);
    expect(after).not.toBe(before);
  });

  it('run creates a one-off container with the service’s labels, which gets no clients', async () => {
    const [only] = await untilServed(project.port(), 1);
    await project.compose('run', '-d', '--no-deps', 'whoami');
    // Once the second real replica serves, Sealane has also seen the one-off container, which was created before it.
    await project.scale(2);
    expect(await untilServed(project.port(), 2)).toContain(only);
  });

  it('balances connections over three replicas, and none fails while they are scaled to one', () =>
    expectBalance(project));
});

describe('the example of a scaled HTTP service', () => {
  const project = sharedProject('examples/scaled-http', 'api');

  it('makes clients wait, not fail, while its only replica restarts', async () => {
    await untilServed(project.port(), 1);
    expect(await whileAsking(project.port(), project.compose('restart', 'api'))).toBeGreaterThan(3);
    expect(await hostnames(project.port())).toHaveProperty('size', 1);
  });

  it('balances connections over three replicas, and none fails while they are scaled to one', () =>
    expectBalance(project));
});
