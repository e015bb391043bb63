import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Locator } from '../../../src/discovery/locator.ts';
import type { IdentityInputs } from '../../../src/docker/identity/identity.ts';
import { InMemoryEngine } from '../../support/fake-engine/port.ts';
import { ManualClock } from '../../support/manual-clock.ts';

const far: IdentityInputs = {
  endpoint: 'tcp://far.example:2375',
  platform: 'linux',
  cgroup: '',
  mountinfo: '',
  hostname: 'here',
  addresses: [],
  inContainer: false,
};

function setUp(resolve: (host: string) => Promise<readonly string[]>, inputs = far) {
  const clock = new ManualClock();
  const changes: unknown[] = [];
  const locator: Locator = new Locator(
    {
      engine: new InMemoryEngine(),
      clock,
      random: () => 0,
      resolve,
      identity: () => Promise.resolve(inputs),
      onChange: () => changes.push(locator.vantage?.reach),
    },
    undefined,
  );
  return { clock, changes, locator, signal: new AbortController().signal };
}

describe('the vantage on an engine whose address has a name', () => {
  it('has the addresses of that name, as they are now', async () => {
    const answers = [['192.0.2.7'], ['192.0.2.8', 'fd00::8']];
    const { clock, changes, locator, signal } = setUp(() => Promise.resolve(answers.shift() ?? []));
    expect(await locator.locate(signal)).toBeUndefined();
    const reach = { kind: 'published', host: 'far.example' };
    expect(locator.vantage).toEqual({ reach: { ...reach, addresses: ['192.0.2.7'] } });
    clock.advance(10_000);
    await setImmediate();
    expect(locator.vantage).toEqual({ reach: { ...reach, addresses: ['192.0.2.8', 'fd00::8'] } });
    expect(changes).toHaveLength(2);
    locator.stop();
    expect(clock.nextDelayMs()).toBeUndefined();
  });

  it('has none while the name can’t be resolved, says so, and looks it up again', async () => {
    const failure = Object.assign(new Error('no'), { code: 'ENOTFOUND' });
    let isKnown = false;
    const { clock, locator, signal } = setUp(() =>
      isKnown ? Promise.resolve(['192.0.2.7']) : Promise.reject(failure),
    );
    expect(await locator.locate(signal)).toBe(
      "the name of the engine's host, far.example, cannot be resolved (no such name)",
    );
    expect(locator.vantage?.reach).toMatchObject({ addresses: [] });
    isKnown = true;
    clock.advance(1_000);
    await setImmediate();
    expect(locator.vantage?.reach).toMatchObject({ addresses: ['192.0.2.7'] });
    locator.stop();
  });

  it('is not determined before the name was looked up, nor after the end', async () => {
    const { changes, locator } = setUp(() => new Promise(() => {}));
    const ending = new AbortController();
    const located = locator.locate(ending.signal);
    await setImmediate();
    expect(locator.vantage).toBeUndefined();
    ending.abort();
    locator.stop();
    await located;
    expect(changes).toEqual([]);
  });

  it('needs no lookup of an address', async () => {
    const asked: string[] = [];
    const inputs = { ...far, endpoint: 'tcp://[fd00::7]:2375' };
    const { locator, signal } = setUp((host) => (asked.push(host), Promise.resolve([])), inputs);
    await locator.locate(signal);
    expect(locator.vantage).toEqual({ reach: { kind: 'published', host: 'fd00::7' } });
    expect(asked).toEqual([]);
    locator.stop();
  });
});
