import { describe, expect, test } from 'vitest';
import { dialectOfComponents, dialectOfPing, dockerDialect, eventFilters } from '../../../src/docker/dialect.ts';
import { createDockerodeEngine } from '../../../src/docker/dockerode/dockerode-engine.ts';
import { parseEventLine } from '../../../src/docker/events/event-json.ts';
import { startFakeEngine } from '../../support/fake-engine/fake-engine.ts';

const id = 'd1e'.padEnd(64, '0');
const podman = dialectOfComponents(['Podman Engine', 'Conmon', 'OCI Runtime (/usr/sbin/runc)']);
const dialects = { Podman: podman, Docker: dockerDialect, neither: undefined };
const podmanHeaders = { server: 'Libpod/4.3.1 (linux)', 'libpod-api-version': '4.3.1' };

/** An event as Podman 4.3 writes it. */
function event(Type: string, Action: string, attributes: Record<string, string> = {}): string {
  const Attributes = { containerExitCode: '0', image: 'localhost/web:latest', name: 'web', podId: '', ...attributes };
  const json = JSON.stringify({ status: Action, id, Type, Action, Actor: { ID: id, Attributes }, scope: 'local' });
  return `${json.slice(0, -1)},"time":1795934460,"timeNano":1795934460283014199}`;
}

describe('Podman', () => {
  test.each([
    ['died', 'die'],
    ['die', 'die'],
    ['remove', 'destroy'],
    ['start', 'start'],
    ['kill', 'kill'],
    ['rename', 'rename'],
  ])('says %s where Docker says %s', (action, meant) => {
    expect(parseEventLine(event('container', action), podman)).toMatchObject({
      value: { type: 'container', action: meant, containerId: id, timeNs: 1_795_934_460_283_014_199n },
    });
  });

  test.each(['connect', 'disconnect'])('names the container in the event of a network: %s', (action) => {
    expect(parseEventLine(event('network', action), podman)).toMatchObject({
      value: { type: 'network', action, containerId: id },
    });
  });

  test.each([
    ['network', 'create'],
    ['network', 'remove'],
    ['pod', 'start'],
    ['image', 'remove'],
  ])('has events that concern no container: %s %s', (type, action) => {
    expect(parseEventLine(event(type, action), podman)).toEqual({ ok: true, value: undefined });
  });

  test.each(['health_status', 'health_status: healthy'])('tells of health before it is stored: %s', (action) => {
    expect(parseEventLine(event('container', action), podman)).toMatchObject({ value: { action, isEarly: true } });
  });

  test('is asked for events in its own words, and Docker in Docker’s', () => {
    const asked = JSON.parse(eventFilters(podman)) as { event: string[] };
    for (const word of ['died', 'remove', 'die', 'destroy', 'connect']) expect(asked.event).toContain(word);
    for (const word of ['died', 'remove']) expect(dockerDialect.actions).not.toContain(word);
  });

  test.each([
    [404, 'no container with name or ID "web" found: no such container', true],
    [500, 'error inspecting: no such container', true],
    [500, 'database is locked', false],
  ])('answers %s %j: is the container missing? %s', (status, message, missing) => {
    expect(podman.isMissing(status, message)).toBe(missing);
  });

  test.each([
    ['a label of the name of an action', { died: 'yes', Action: 'died' }],
    ['a label that names another container', { container: 'other' }],
  ])('does not mistake %s for its own words', (_, labels) => {
    expect(parseEventLine(event('container', 'start', labels), podman)).toMatchObject({
      value: { action: 'start', containerId: id },
    });
  });
});

test('a network event of Docker concerns the container of its attribute, not its own id', () => {
  expect(parseEventLine(event('network', 'connect'), dockerDialect)).toEqual({ ok: true, value: undefined });
  expect(dockerDialect.isMissing(500, 'no such container')).toBe(false);
});

describe('an engine is known', () => {
  test.each([
    ['Podman', podmanHeaders],
    ['Podman', { server: 'Libpod/5.8.0 (linux)' }],
    ['Podman', { 'libpod-api-version': '4.9.3' }],
    ['Docker', { server: 'Docker/29.1.0 (linux)' }],
    ['neither', { server: 'nginx' }],
    ['neither', {}],
  ] as const)('as %s by the headers of its ping: %j', (name, headers) => {
    expect(dialectOfPing(headers)).toBe(dialects[name]);
  });

  test('by its ping without another call', async () => {
    await using fake = await startFakeEngine();
    fake.pingHeaders = podmanHeaders;
    expect(await createDockerodeEngine(fake.url).ping()).toMatchObject({ dialect: podman });
    expect(fake.requests).toEqual(['GET /_ping']);
  });

  test.each([
    ['Podman', 200, { Components: [{ Name: 'Podman Engine' }] }],
    ['Docker', 200, { Components: [{ Name: 'Engine' }] }],
    ['Docker', 403, {}],
  ] as const)(
    'as %s by its version, answered with %s %j, where a proxy drops the headers',
    async (name, status, body) => {
      await using fake = await startFakeEngine();
      fake.pingHeaders = {};
      fake.answer('/version', { kind: 'text', status, type: 'application/json', body: JSON.stringify(body) });
      expect(await createDockerodeEngine(fake.url).ping()).toMatchObject({ dialect: dialects[name] });
    },
  );

  test('for good once its version has told: a later one that is not answered in time changes nothing', async () => {
    await using fake = await startFakeEngine();
    fake.pingHeaders = {};
    const body = JSON.stringify({ Components: [{ Name: 'Podman Engine' }] });
    fake.answer('/version', { kind: 'text', status: 200, type: 'application/json', body });
    const engine = createDockerodeEngine(fake.url, { deadlineMs: 50 });
    await engine.ping();
    fake.answer('/version', { kind: 'hang' });
    expect(await engine.ping()).toMatchObject({ dialect: podman });
  });

  test('only by a ping that is waited for: an aborted one rejects', async () => {
    await using fake = await startFakeEngine();
    fake.pingHeaders = {};
    fake.answer('/version', { kind: 'hang' });
    const ending = new AbortController();
    const ping = createDockerodeEngine(fake.url).ping(ending.signal);
    await fake.requested('/version', 1);
    ending.abort(new Error('stopped'));
    await expect(ping).rejects.toThrow('stopped');
  });

  test('so that a container that Podman is removing is gone', async () => {
    await using fake = await startFakeEngine();
    const body = JSON.stringify({ cause: 'no such container', message: 'no such container', response: 500 });
    fake.answer(`/containers/${id}/json`, { kind: 'text', status: 500, type: 'application/json', body });
    await expect(createDockerodeEngine(fake.url).inspect(id)).rejects.toThrow('HTTP 500');
    fake.pingHeaders = podmanHeaders;
    expect(await createDockerodeEngine(fake.url).inspect(id)).toBeUndefined();
  });
});
