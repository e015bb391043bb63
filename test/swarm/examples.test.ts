import { setTimeout as pause } from 'node:timers/promises';
import { join } from 'node:path';
import { expect, inject, it } from 'vitest';
import { projectRoot } from '../../dev/images/sealane-image.ts';
import { eventually } from '../support/engine/replica.ts';
import { freePort } from '../support/sockets/free-port.ts';
import { deployStack, type Stack, type StackStandIns } from '../support/swarm/stack.ts';
import { swarmPauseMs } from '../support/swarm/swarm-service.ts';
import { machineOf } from '../support/swarm/test-swarm.ts';

/**
 * Runs the stack files of examples/swarm on a real Swarm, as their README says.
 */
const relayed = ['relay', 'unix:/var/run/docker.sock', '--listen', '0.0.0.0:2375'];

it.each([
  ['stack.yaml', [1], {}],
  // A relay stands in for the socket proxy, which no registry provides here.
  ['stack-on-workers.yaml', [1, 2], { 'socket-proxy': { image: '${SEALANE_IMAGE}', command: relayed } }],
] as const)(
  'the stack of examples/swarm/%s serves all tasks on each node that has a Sealane, also during a rolling update',
  async (file, nodes, standIns: StackStandIns) => {
    const swarm = inject('swarm');
    const port = await freePort();
    await using stack = await deployStack(swarm, join(projectRoot, 'examples/swarm', file), {
      variables: { PORT: String(port) },
      standIns,
    });
    const urls = nodes.map((node) => `http://${machineOf(swarm, node).address}:${port}/`);
    for (const url of urls)
      await eventually(
        () => hostnames(url),
        ({ size }) => size === 4,
        60_000,
        swarmPauseMs,
      );
    const before = await tasksOf(stack);
    await stack.docker(['service', 'update', '--label-add', 'sealane.balance=round-robin', `${stack.name}_api`]);
    expect(await tasksOf(stack)).toEqual(before);

    // The Swarm watches each new task for this long, by default for five seconds.
    const update = stack.docker(['service', 'update', '--force', '--update-monitor', '1s', `${stack.name}_api`]);
    const [asked, failures] = await whileAsking(urls, update);
    expect(failures).toEqual([]);
    expect(asked).toBeGreaterThan(50);
    expect(new Set([...before, ...(await tasksOf(stack))]).size).toBe(8);
    for (const node of nodes) {
      const container = (await stack.docker(['ps', '-qf', `name=${stack.name}_sealane`], node)).trim();
      // The last tasks of the old generation are draining.
      await eventually(
        () => stack.docker(['exec', container, 'sealane', 'why', `${stack.name}/api`], node).catch(String),
        (answer) => answer.includes(' is reachable: '),
        15_000,
        500,
      );
    }
  },
);

async function tasksOf(stack: Stack): Promise<string[]> {
  const tasks = await stack.docker(['service', 'ps', '-q', '--filter', 'desired-state=running', `${stack.name}_api`]);
  return tasks.trim().split('\n').toSorted();
}

/** The distinct hostnames that answer 16 connections; none while Sealane does not listen yet. */
async function hostnames(url: string): Promise<Set<string>> {
  const names = new Set<string>();
  for (let round = 0; round < 16; round += 1) {
    const name = await ask(url).catch(() => undefined);
    if (name === undefined) break;
    names.add(name);
  }
  return names;
}

/** Opens new connections in turn until `change` has settled. Resolves with their number and what failed of them. */
async function whileAsking(urls: readonly string[], change: Promise<unknown>): Promise<[number, readonly string[]]> {
  const over = new AbortController();
  const failures: string[] = [];
  let asked = 0;
  const asking = (async () => {
    for (; !over.signal.aborted; asked += 1) {
      await ask(urls[asked % urls.length] ?? '').catch((error: unknown) => failures.push(String(error)));
      await pause(40);
    }
  })();
  await Promise.allSettled([asking, change.finally(() => over.abort())]);
  await Promise.all([asking, change]);
  return [asked, failures];
}

/** The name of the task that answers a connection of its own. */
async function ask(url: string): Promise<string> {
  const response = await fetch(url, { headers: { connection: 'close' }, signal: AbortSignal.timeout(20_000) });
  return /^Hostname: (.+)$/m.exec(await response.text())?.[1] ?? 'unknown';
}
