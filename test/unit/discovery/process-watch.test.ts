import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { kernel, ProcessWatch, type Processes } from '../../../src/discovery/watch/process-watch.ts';
import { facts, settle, type InMemoryEngine } from '../../support/fake-engine/port.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { pass, watch } from '../../support/fake-engine/watch.ts';

const id = 'a'.repeat(64);
const pid = 4711;

/** The processes of a machine on which `owner` is the container of every process. */
function machine(owner = id): Processes & { readonly ended: Set<number>; asked: number } {
  return {
    ended: new Set(),
    asked: 0,
    isOf: (_, containerId) => containerId === owner,
    isAlive(one) {
      this.asked += 1;
      return !this.ended.has(one);
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
    processes.ended.add(pid);
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
    processes.ended.add(pid);
    await pass(scene, 20);
    const startedAtNs = BigInt(scene.clock.wallMs() + 1) * 1_000_000n;
    scene.engine.set(facts({ id, process: pid + 1, startedAtNs }));
    scene.engine.emit({ action: 'start', id, timeNs: startedAtNs });
    await settle();
    expect(scene.ids()).toEqual([id]);
    processes.ended.add(pid + 1);
    await pass(scene, 20);
    expect(scene.ids()).toEqual([]);
  });

  test('is left to the events where the process id is another machine’s', async () => {
    const processes = machine('b'.repeat(64));
    processes.ended.add(pid);
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

describe('looking for processes', () => {
  test('costs a bounded part of the time: with more containers the pause grows, up to 100 ms', () => {
    const looksIn1s = (containers: number): number => {
      const [clock, processes] = [new ManualClock(), { ...machine(), isOf: () => true }];
      const watched = new ProcessWatch({ clock, processes }, () => {});
      for (let one = 1; one <= containers; one += 1) watched.follow(`${one}`, one);
      clock.advance(1_000);
      return processes.asked / containers;
    };
    expect([1, 400, 1_000, 2_000, 10_000].map(looksIn1s)).toEqual([50, 50, 20, 10, 10]);
  });

  test('takes a process for a container’s by the monitor that is its parent, as of a user without cgroups', async () => {
    const script = `console.log(require('node:child_process').spawn('sleep', ['600']).pid)`;
    const monitor = spawn(process.execPath, ['--eval', script, '--', '-c', id], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const [printed] = await once(monitor.stdout, 'data');
    const child = Number(printed);
    try {
      expect(kernel.isOf(child, id)).toBe(true);
      expect(kernel.isOf(child, 'another')).toBe(false);
      expect(kernel.isOf(Number(monitor.pid), id)).toBe(false);
    } finally {
      process.kill(child);
      monitor.kill();
    }
  });

  test('takes a process for a container’s by its cgroup, and finds out when it has ended', async () => {
    const own = readFileSync('/proc/self/cgroup', 'utf8').trim();
    expect(kernel.isOf(process.pid, own)).toBe(true);
    expect(kernel.isOf(process.pid, id)).toBe(false);
    expect(kernel.isAlive(process.pid)).toBe(true);
    const child = spawn(process.execPath, ['--eval', '']);
    await once(child, 'exit');
    expect(kernel.isAlive(child.pid ?? 0)).toBe(false);
    expect(kernel.isOf(child.pid ?? 0, own)).toBe(false);
  });
});
