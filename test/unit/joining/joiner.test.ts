import { describe, expect, test } from 'vitest';
import { EngineError } from '../../../src/docker/engine.ts';
import type { NetworkAttachment } from '../../../src/docker/facts.ts';
import { createJoiner, type OwnWorld } from '../../../src/joining/joiner.ts';
import { InMemoryActions } from '../../support/fake-engine/actions-port.ts';
import { settle } from '../../support/fake-engine/port.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { problem } from '../../support/sealane/admin-source.ts';

const bridge = (name: string, joined = false): NetworkAttachment => {
  return { name, networkId: name, driver: 'bridge', ...(joined && { joined: true }) };
};
const unshared = problem('no-shared-network', 'web', { containerId: 'web', message: 'shares none' });

/** A Sealane whose engine does what it is asked for, unless the test lets it fail. */
function scene() {
  const clock = new ManualClock();
  const actions = new InMemoryActions();
  const state = { own: [bridge('own')], networks: ['shop'], isShown: true, changes: 0 };
  actions.before = (call) => {
    const [change, , networkId = ''] = call.split(' ');
    if (!state.isShown) return;
    const rest = state.own.filter((one) => one.networkId !== networkId);
    state.own = change === 'connect' ? [...rest, bridge(networkId, true)] : rest;
  };
  const joiner = createJoiner(
    {
      clock,
      random: () => 1,
      actions,
      readOwn: () => Promise.resolve(state.own),
      onChange: () => void (state.changes += 1),
    },
    { internal: false },
  );
  const world = (): OwnWorld => ({
    selfId: 'sealane',
    own: state.own,
    containers: state.networks.map((name) => {
      return { id: 'web', name: 'web', project: undefined, attachments: [bridge(name)], named: [] };
    }),
  });
  /** One run of the reconcile loop; the problems that are left. */
  const run = async (at: OwnWorld | undefined = world()) => {
    const problems = joiner.plan(at, at ? [unshared] : []);
    joiner.advance();
    await settle();
    return problems;
  };
  return { clock, actions, state, joiner, run };
}

const joins = 'connect sealane shop: web on network "shop" shares none with Sealane';
const leaves = 'disconnect sealane shop: no labelled container needs network "shop" any more';

describe('the joining of networks', () => {
  test('joins what is needed, once, and leaves it when nothing needs it', async () => {
    const { actions, state, run } = scene();
    expect(await run()).toEqual([]);
    expect(state.changes).toBe(1);
    await run();
    expect(actions.asked).toEqual([joins]);
    state.networks = [];
    await run();
    await run();
    expect(actions.asked).toEqual([joins, leaves]);
    expect(state.own).toEqual([bridge('own')]);
  });

  test('does nothing while it is unknown what there is', async () => {
    const { actions, state, run } = scene();
    state.own = [bridge('own'), bridge('shop', true)];
    await run(undefined);
    const { joiner } = scene();
    joiner.plan(undefined, []);
    joiner.advance();
    expect(actions.asked).toEqual([]);
  });

  test('does not leave what was left and joined again by hand meanwhile', async () => {
    const { actions, state, joiner, run } = scene();
    const before = { selfId: 'sealane', own: [bridge('own'), bridge('shop', true)], containers: [] };
    state.own = [bridge('own'), bridge('shop')];
    await run(before);
    expect(actions.asked).toEqual([]);
    joiner.stop();
  });

  test('tries what fails again ever more rarely, and says why, with what to do', async () => {
    const { actions, clock, run } = scene();
    actions.before = () => {
      throw new EngineError('refused', 'could not find an available subnet');
    };
    expect(await run()).toEqual([]);
    const [told] = await run();
    expect(told).toMatchObject({
      code: 'no-shared-network',
      message: 'shares none; Sealane could not join "shop": could not find an available subnet',
    });
    expect(told?.fix).toContain("docker network connect shop <sealane's container>");
    const gapsMs: number[] = [];
    for (let atMs = 0, lastMs = 0; atMs < 1_200_000; atMs += 500) {
      const { length } = actions.asked;
      clock.advance(500);
      await run();
      if (actions.asked.length === length) continue;
      gapsMs.push(atMs - lastMs);
      lastMs = atMs;
    }
    expect(gapsMs.slice(0, 4)).toEqual([500, 2000, 4000, 8000]);
    expect(gapsMs.at(-1)).toBe(300_000);
    expect(actions.asked.length).toBeLessThan(15);
  });

  test('counts what the engine says and does not show as a failure', async () => {
    const { actions, clock, state, run } = scene();
    state.isShown = false;
    await run();
    await run();
    expect(actions.asked).toHaveLength(1);
    clock.advance(5000);
    await run();
    expect(actions.asked).toHaveLength(1);
    expect(await run()).toMatchObject([{ message: expect.stringContaining('does not show it') as string }]);
  });

  test('leaves at the end what has the mark, and joins nothing any more', async () => {
    const { actions, state, joiner, run } = scene();
    await run();
    state.own = [...state.own, bridge('hand'), bridge('late', true)];
    await joiner.leaveAll();
    state.networks = ['another'];
    await run();
    const end = 'Sealane stops';
    expect(actions.asked).toEqual([joins, `disconnect sealane shop: ${end}`, `disconnect sealane late: ${end}`]);
    expect(state.own).toEqual([bridge('own'), bridge('hand')]);
  });

  test('says that a network could not be left', async () => {
    const { actions, state, run } = scene();
    state.own = [bridge('own'), bridge('shop', true)];
    state.networks = [];
    actions.before = () => {
      throw new EngineError('refused', 'no');
    };
    await run();
    expect(await run()).toMatchObject([unshared, { code: 'network-not-left', subject: 'shop' }]);
  });
});
