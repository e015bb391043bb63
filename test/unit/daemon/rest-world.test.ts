import { describe, expect, test } from 'vitest';
import { emptyCatalog, nextCatalog } from '../../../src/catalog/catalog.ts';
import { createStandIn } from '../../../src/catalog/swap/stand-in.ts';
import { readRestWorld } from '../../../src/daemon/activation/rest-world.ts';
import type { RestContainer } from '../../../src/activation/world.ts';
import { createDiscoverer } from '../../../src/discovery/discover.ts';
import type { ContainerFacts } from '../../../src/docker/facts.ts';
import { noSwarm } from '../../../src/swarm/swarm-state.ts';
import { declaration, world } from '../../support/declared.ts';
import { onHost, snapshotOf } from '../../support/facts.ts';
import { facts, InMemoryEngine } from '../../support/fake-engine/port.ts';

/** What activation decides by, of the containers of one compose project of which one sleeps. */
const sleepy = { 'sealane.listen': '8080', 'sealane.sleep': '15m' };

function made(service: string, labels: Readonly<Record<string, string>>, over: Partial<ContainerFacts> = {}) {
  const compose = { 'com.docker.compose.project': 'shop', 'com.docker.compose.service': service };
  return facts({ id: service, name: service, ...over, labels: { ...compose, ...labels } });
}

function dependsOn(text: string): Record<string, string> {
  return { 'com.docker.compose.depends_on': text };
}

/** The ports that accept are those of the containers in `open`. */
function read(containers: readonly ContainerFacts[], open: readonly string[] = []): Record<string, RestContainer> {
  const snapshot = snapshotOf(containers, { ...onHost, selfId: 'sealane' });
  const rules = {
    labelPrefix: 'sealane',
    bind: '127.0.0.1',
    scope: 'all',
    actions: new Set(['start', 'stop'] as const),
  } as const;
  const catalog = nextCatalog(emptyCatalog, world(createDiscoverer(rules)(snapshot).declarations), 0);
  const engine = {
    name: undefined,
    tag: {},
    engine: new InMemoryEngine(),
    swarm: () => noSwarm,
    snapshot: () => snapshot,
  };
  const { containers: found } = readRestWorld({
    engines: { engines: [engine], isTwin: () => false, vantageOn: () => onHost },
    catalog: () => catalog,
    plane: { activeSessions: () => 0, counters: { held: () => 0, upstream: () => undefined } },
    probe: { isReady: ({ id }) => open.includes(id), keep: () => {}, stop: () => {} },
    labelPrefix: 'sealane',
  });
  return Object.fromEntries(found);
}

test('clients that are held for a strict stand-in wait for no container, those of any other service do', () => {
  const declarations = ['strict', 'lenient', 'own'].map((service) => declaration(service, { service }));
  const asked = { id: 'x', address: 'localhost:3000', owner: 'anna', percent: 100 };
  const standInOf = (service: string) =>
    service === 'own'
      ? undefined
      : createStandIn(service, { ...asked, strict: service === 'strict' }, { endpoints: [], advice: '' });
  const catalog = nextCatalog(emptyCatalog, { ...world(declarations), standInOf }, 0);
  const { heldOf } = readRestWorld({
    engines: { engines: [], isTwin: () => false, vantageOn: () => onHost },
    catalog: () => catalog,
    plane: { activeSessions: () => 0, counters: { held: () => 2, upstream: () => undefined } },
    probe: { isReady: () => false, keep: () => {}, stop: () => {} },
    labelPrefix: 'sealane',
  });
  expect(['strict', 'lenient', 'own'].map(heldOf)).toEqual([0, 2, 2]);
});

describe('the containers of a compose project of which one sleeps', () => {
  test('need what depends_on says, as far as it says, and not what only has to have ended', () => {
    const web = made('web', {
      ...sleepy,
      ...dependsOn('db:service_healthy:false,migrate:service_completed_successfully:false,cache:service_started:true'),
    });
    const db = made('db', {}, { health: 'starting' });
    const cache = made('cache', {}, { health: 'starting' });
    const found = read([web, db, cache], ['db', 'cache']);
    expect(found['web']?.needs).toEqual([
      { service: 'db', until: 'ready' },
      { service: 'cache', until: 'open' },
    ]);
    expect(found['db'], 'it has to be healthy').toMatchObject({ isReady: false, isOpen: false });
    expect(found['cache'], 'its port accepts').toMatchObject({ isReady: false, isOpen: true });
    const healthy = read([web, { ...db, health: 'healthy' }, cache]);
    expect(healthy['db']).toMatchObject({ isReady: true, isOpen: true });
    expect(healthy['cache']).toMatchObject({ isReady: false, isOpen: false });
  });

  test('need what sleep.with names instead, each healthy or else open', () => {
    const web = made('web', {
      ...sleepy,
      'sealane.sleep.with': 'db, cache',
      ...dependsOn('mail:service_started:false'),
    });
    const found = read([web, made('db', {}, { health: 'starting' }), made('cache', {})], ['db', 'cache']);
    expect(found['web']?.needs.map(({ service, until }) => `${service} ${until}`)).toEqual(['db ready', 'cache ready']);
    expect(found['db']).toMatchObject({ isReady: false });
    expect(found['cache']).toMatchObject({ isReady: true, isOpen: true });
  });

  test('need no more than a few of the services that a hostile label names, each once', () => {
    const names = Array.from({ length: 100_000 }, (_, index) => `x${index % 1_000}:service_started:false`);
    const { web } = read([made('web', { ...sleepy, ...dependsOn(names.join(',')) })]);
    expect(web?.needs).toHaveLength(64);
    const twice = read([made('web', { ...sleepy, ...dependsOn('db,db:service_healthy,db') })]);
    expect(twice['web']?.needs).toEqual([{ service: 'db', until: 'open' }]);
  });

  test('are never Sealane’s own container, also where another one needs it', () => {
    const web = made('web', { ...sleepy, ...dependsOn('sealane:service_started:false') });
    expect(Object.keys(read([web, made('sealane', {})]))).toEqual(['web']);
  });

  test('are also one-off containers, which need what their service does, and are no replicas of it', () => {
    const web = made('web', { ...sleepy, 'sealane.sleep.with': 'db' });
    const run = made('web', { ...sleepy, 'com.docker.compose.oneoff': 'True' }, { id: 'run', name: 'run' });
    const { run: oneoff } = read([web, run, made('db', {})]);
    expect(oneoff).toMatchObject({ needs: [{ service: 'db', until: 'ready' }], sleep: undefined, services: [] });
    expect(oneoff?.compose?.service).not.toBe('web');
  });
});
