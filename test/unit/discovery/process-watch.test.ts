import { describe, expect, test } from 'vitest';
import type { Processes } from '../../../src/discovery/watch/process-watch.ts';
import { facts, settle, type InMemoryEngine } from '../../support/fake-engine/port.ts';
import { pass, watch } from '../../support/fake-engine/watch.ts';

const id = 'a'.repeat(64);
const pid = 4711;

/** The processes of a machine on which `owner` is the container of every process. */
function machine(owner = id): Processes & { ended: boolean; asked: number } {
  return {
    ended: false,
    asked: 0,
    isOf: (_, containerId) => containerId === owner,
    isAlive() {
      this.asked += 1;
      return !this.ended;
    },
  };
}

const late = (engine: InMemoryEngine): void => engine.set(facts({ id, process: pid }));

describe('a container whose engine tells of deaths late', () => {
  test('is gone when its process has ended, before the event arrives', async () => {
    const processes = machine();
    await using scene = await watch(late, { processes });
    await pass(scene, 100);
    expect(scene.ids()).toEqual([id]);
    processes.ended = true;
    // The engine has not found out yet.
    await pass(scene, 20);
    expect(scene.ids()).toEqual([]);
    scene.engine.set(facts({ id, state: 'exited' }));
    scene.engine.emit({ action: 'die', id, timeNs: 9000n });
    await settle();
    await pass(scene, 5_000);
    expect(scene.ids()).toEqual([]);
  });

  test('is back when it is started again, and its new process is watched', async () => {
    const processes = machine();
    await using scene = await watch(late, { processes });
    processes.ended = true;
    await pass(scene, 20);
    processes.ended = false;
    const startedAtNs = BigInt(scene.clock.wallMs() + 1) * 1_000_000n;
    scene.engine.set(facts({ id, process: pid + 1, startedAtNs }));
    scene.engine.emit({ action: 'start', id, timeNs: startedAtNs });
    await settle();
    expect(scene.ids()).toEqual([id]);
    processes.ended = true;
    await pass(scene, 20);
    expect(scene.ids()).toEqual([]);
  });

  test('is left to the events where the process id is another machine’s', async () => {
    const processes = machine('b'.repeat(64));
    processes.ended = true;
    await using scene = await watch(late, { processes });
    await pass(scene, 1_000);
    expect(scene.ids()).toEqual([id]);
    expect(processes.asked).toBe(0);
  });
});

test('without such a container no process is looked for', async () => {
  const processes = machine();
  await using scene = await watch((engine) => engine.set(facts({ id })), { processes });
  await pass(scene, 1_000);
  expect(processes.asked).toBe(0);
});
