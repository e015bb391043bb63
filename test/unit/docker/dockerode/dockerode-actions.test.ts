import { describe, expect, test } from 'vitest';
import { engineActions, engineActionsSchema, type EngineAction } from '../../../../src/config/engine-actions.ts';
import { createDockerodeEngine } from '../../../../src/docker/dockerode/dockerode-engine.ts';
import { allowAdvice, missingActions, type ActionRecord } from '../../../../src/docker/engine-actions.ts';
import { startFakeEngine, type FakeEngine } from '../../../support/fake-engine/fake-engine.ts';

const id = 'c0ffee'.padEnd(64, '0');
const cause = 'a client of shop/api';

/** An engine client with every changing call, and what it told of them. */
function open(fake: FakeEngine, allowed?: readonly EngineAction[]) {
  const records: ActionRecord[] = [];
  const rules = { allowed: new Set(allowed), onAction: (record: ActionRecord) => void records.push(record) };
  const { actions } = createDockerodeEngine(fake.url, allowed && { actions: rules });
  const calls = {
    start: () => actions.start(id, cause),
    stop: () => actions.stop(id, cause),
    pause: () => actions.pause(id, cause),
    unpause: () => actions.unpause(id, cause),
    connect: () => actions.connect({ networkId: 'n/1', containerId: id }, cause),
    disconnect: () => actions.disconnect({ networkId: 'n/1', containerId: id }, cause),
  };
  return { actions, calls, records };
}

function changingRequests({ requests }: FakeEngine): readonly string[] {
  return requests.filter((request) => !request.startsWith('GET '));
}

/** Sets the answer to every changing call. */
function answerAll(fake: FakeEngine, status: number, body = ''): void {
  for (const change of ['start', 'stop', 'pause', 'unpause'])
    fake.answer(`/containers/${id}/${change}`, { kind: 'text', status, type: 'application/json', body });
  for (const change of ['connect', 'disconnect'])
    fake.answer(`/networks/n%2F1/${change}`, { kind: 'text', status, type: 'application/json', body });
}

describe('what Sealane may change at an engine', () => {
  test('is nothing unless it is said: no call reaches the engine, and each is refused with the flag', async () => {
    await using fake = await startFakeEngine();
    const { calls, actions } = open(fake);
    for (const [change, call] of Object.entries(calls)) {
      const error = { kind: 'refused', forbidden: true };
      await expect(call(), change).rejects.toMatchObject(error);
      await expect(call()).rejects.toThrow(
        /^may not \w+ container c0ffee000000[\w /]*: --engine-actions does not allow \w+$/,
      );
    }
    expect(fake.requests).toEqual([]);
    expect([...actions.allowed]).toEqual([]);
  });

  const requestsOf = {
    start: [`POST /containers/${id}/start`],
    stop: [`POST /containers/${id}/stop`],
    pause: [`POST /containers/${id}/pause`, `POST /containers/${id}/unpause`],
    connect: ['POST /networks/n%2F1/connect', 'POST /networks/n%2F1/disconnect'],
  };
  const subsets = Array.from({ length: 16 }, (_, bits) =>
    engineActions.filter((_action, index) => bits & (1 << index)),
  );

  test.each(subsets)('with %s %s %s %s is only that, and each is told of before it is asked', async (...given) => {
    const allowed = given.filter((one) => engineActions.includes(one));
    const expected = allowed.flatMap((action) => requestsOf[action]);
    await using fake = await startFakeEngine();
    answerAll(fake, 204);
    const { calls, records } = open(fake, allowed);
    await Promise.allSettled(Object.values(calls).map((call) => call()));
    expect(changingRequests(fake).toSorted()).toEqual(expected.toSorted());
    expect(records).toMatchObject(expected.map(() => ({ containerId: id, cause })));
    expect(fake.versions.filter((_, index) => fake.requests[index]?.startsWith('POST'))).toEqual(
      expected.map(() => 'v1.41'),
    );
  });

  test.each([
    ['Docker', {}, { DriverOpts: { 'sealane.joined': 'true' }, GwPriority: -1 }, false],
    ['Podman', { server: 'Libpod/4.3.1 (linux)' }, { Aliases: ['joined-by-sealane'] }, true],
  ])('marks the connections that it makes, so that anyone can tell them: %s', async (_, headers, config, keeps) => {
    await using fake = await startFakeEngine();
    fake.pingHeaders = headers;
    answerAll(fake, 200);
    const { actions, calls } = open(fake, ['connect']);
    expect(actions.keepsGateway()).toBe(false);
    await calls.connect();
    await calls.disconnect();
    expect(fake.bodies.filter(Boolean).map((body) => JSON.parse(body) as unknown)).toEqual([
      { Container: id, EndpointConfig: config },
      { Container: id, Force: false },
    ]);
    // The API of the fake engine is that of Docker 20.10.
    expect(actions.keepsGateway()).toBe(keeps);
  });

  test('is done where the engine says that it is done already', async () => {
    await using fake = await startFakeEngine();
    answerAll(fake, 304);
    await expect(open(fake, ['start']).calls.start()).resolves.toBeUndefined();
  });

  test('fails with the words of the engine, and is told of', async () => {
    await using fake = await startFakeEngine();
    answerAll(fake, 500, JSON.stringify({ message: 'driver failed: port is already \u001b[31mallocated' }));
    const { calls, records } = open(fake, ['start']);
    await expect(calls.start()).rejects.toThrow(/^driver failed: port is already .*allocated$/);
    expect(records.map(({ failure }) => failure)).toEqual([undefined, expect.stringContaining('allocated')]);
    expect(records[1]?.failure).not.toContain('\u001b');
  });

  test('fails with what a socket proxy must allow where one refuses', async () => {
    await using fake = await startFakeEngine();
    answerAll(fake, 403, '<h1>Forbidden</h1>');
    await expect(open(fake, ['stop']).calls.stop()).rejects.toThrow('it must allow POST /containers/{id}/stop, too');
  });
});

describe('the setting engine-actions', () => {
  test.each([
    ['none', []],
    ['start', ['start']],
    ['start, stop,pause ,connect', engineActions],
  ])('%s', (text, allowed) => {
    expect(engineActionsSchema.parse(text)).toEqual(allowed);
  });

  test.each(['', 'all', 'start,', 'none,start', 'Start', 'start stop', 'START'])('refuses %j as a whole', (text) => {
    expect(engineActionsSchema.safeParse(text).success).toBe(false);
  });

  test('is named by the advice for what is missing, with what is allowed already', () => {
    const allowed = new Set<EngineAction>(['connect']);
    const missing = missingActions(allowed, ['stop', 'start', 'connect']);
    expect(missing).toEqual(['start', 'stop']);
    expect(allowAdvice(allowed, missing)).toBe(
      'Start Sealane with --engine-actions start,stop,connect; a socket proxy before the engine must allow ' +
        'POST /containers/{id}/start and /containers/{id}/stop, too.',
    );
  });
});
