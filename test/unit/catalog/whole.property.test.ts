import fc from 'fast-check';
import { expect, test } from 'vitest';
import { emptyCatalog, nextCatalog, type Catalog } from '../../../src/catalog/catalog.ts';
import { decide } from '../../../src/catalog/consensus.ts';
import type { Declaration, RouteMatch } from '../../../src/catalog/declaration.ts';
import { createMerger } from '../../../src/catalog/merge.ts';
import { overlap } from '../../../src/address/address.ts';
import { compareDeclarations, listenOf } from '../../../src/catalog/route.ts';
import { createTableWriter } from '../../../src/catalog/routing.ts';
import type { Verdict } from '../../../src/catalog/upstream.ts';
import type { Name } from '../../../src/relay/boundary/table.ts';
import { createDiscoverer } from '../../../src/discovery/discover.ts';
import type { ContainerFacts } from '../../../src/docker/facts.ts';
import type { ListenerSpec, RoutingTable, TlsMode } from '../../../src/relay/boundary/table.ts';
import { declaredUpstream, plainMatch, plainPool } from '../../support/declared.ts';
import { idOf, names, Scene, step, type Step } from '../../support/engine/scene.ts';

/**
 * Runs the whole control side, from the engine's events to the relay's table, with lost, late and repeated events, old
 * answers, changing verdicts, an edited configuration file, and services that want the same few addresses and names.
 * The final table depends on the final state of the world alone, and at no moment does an address or name have two
 * owners.
 */
const later = 1_000_000;

const verdicts: readonly (Verdict | undefined)[] = [
  undefined,
  { kind: 'pending', reason: undefined },
  { kind: 'fit' },
  { kind: 'suspect', reason: 'it did not answer' },
  { kind: 'unfit', reason: 'it answers 500' },
];

const matches: readonly RouteMatch[] = [
  plainMatch,
  { ...plainMatch, names: [{ kind: 'host', pattern: 'x.localhost' }] },
  { ...plainMatch, names: [{ kind: 'sni', pattern: '*.localhost' }], tls: 'terminate' },
];

type Move =
  | Step
  | { readonly kind: 'verdict'; readonly name: string; readonly verdict: Verdict | undefined }
  /** The configuration file is saved, with so many upstreams for the clients that `match` selects. */
  | { readonly kind: 'file'; readonly upstreams: number; readonly match: RouteMatch }
  | { readonly kind: 'reconcile' }
  /** All pending events and answers arrive before the next catalog. */
  | { readonly kind: 'rest' };

const move: fc.Arbitrary<Move> = fc.oneof(
  { weight: 6, arbitrary: step },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('verdict' as const),
      name: fc.constantFrom(...names),
      verdict: fc.constantFrom(...verdicts),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('file' as const),
      upstreams: fc.integer({ min: 0, max: 2 }),
      match: fc.constantFrom(...matches),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constantFrom('start' as const, 'die' as const), name: fc.constantFrom(...names) }),
  },
  { weight: 2, arbitrary: fc.constant({ kind: 'reconcile' as const }) },
  { weight: 3, arbitrary: fc.constant({ kind: 'rest' as const }) },
);

/** There are few values for each label, so that containers conflict; undefined stands for a missing label. */
const someNames = fc.constantFrom('', '', 'x.localhost', 'x.localhost', '*.localhost', 'x.localhost, *.localhost');
const labels = fc
  .record({
    listen: fc.constantFrom('80', '80', '80', '80', '0.0.0.0:80', '80, 81'),
    host: fc.oneof({ weight: 5, arbitrary: someNames }, { weight: 1, arbitrary: fc.constantFrom('*', '[::1]') }),
    sni: someNames,
    tls: fc.constantFrom('', '', 'terminate'),
    pool: fc.constantFrom('', '', 'shared'),
    'accept-proxy': fc.constantFrom('', '', 'true'),
    'sniff-timeout': fc.constantFrom('', '2s'),
  })
  .map((options) => [['port', '80'], ...Object.entries(options).filter(([, value]) => value !== '')])
  .map((options) => Object.fromEntries(options.map(([option, value]) => [`sealane.${option}`, value as string])));
const made: fc.Arbitrary<Record<string, Partial<ContainerFacts>>> = fc
  .tuple(...names.map(() => fc.record({ labels, createdAtMs: fc.integer({ min: 1, max: 3 }) })))
  .map((all) => Object.fromEntries(all.map((one, index) => [names[index], one])));

/** The control side of one Sealane. */
class House {
  readonly verdicts = new Map<string, Verdict | undefined>();
  file: { readonly upstreams: number; readonly match: RouteMatch } = { upstreams: 0, match: plainMatch };
  declarations: readonly Declaration[] = [];
  readonly #discover = createDiscoverer({ labelPrefix: 'sealane', scope: 'all', bind: '127.0.0.1' });
  readonly #merge = createMerger();
  readonly #write = createTableWriter({ maxHeld: 1_024, explainNames: true });
  readonly #vantage = { reach: { kind: 'host' } } as const;
  catalog: Catalog = emptyCatalog;
  #statesStay = false;

  judge(key: string, verdict: Verdict | undefined): void {
    this.verdicts.set(key, verdict);
    this.#statesStay = false;
  }

  reconcile(containers: ReadonlyMap<string, ContainerFacts>, nowMs: number): RoutingTable {
    const discovered = this.#discover({ containers, stopped: new Map(), vantage: this.#vantage });
    this.declarations = [...staticDeclarations(this.file), ...discovered.declarations];
    this.catalog = nextCatalog(
      this.catalog,
      {
        declarations: this.declarations,
        statesStay: this.#statesStay,
        problems: discovered.problems,
        isAlive: ({ id, startedAtNs }) => containers.get(id)?.startedAtNs === startedAtNs,
        verdictOf: (key) => this.verdicts.get(key.slice(0, 1)),
        listeners: new Map(),
      },
      nowMs,
      this.#merge,
    );
    this.#statesStay = true;
    return this.#write(this.catalog, 1);
  }

  /** The table after all drains and lingering ports have ended, when only the current declarations count. */
  settledTable(containers: ReadonlyMap<string, ContainerFacts>): RoutingTable {
    // Deadlines have passed.
    this.#statesStay = false;
    this.reconcile(containers, later);
    return this.reconcile(containers, 2 * later);
  }
}

function staticDeclarations({ upstreams, match }: House['file']): Declaration[] {
  return Array.from({ length: upstreams }, (_, index) => ({
    service: 'written',
    listen: { host: '127.0.0.1', port: 80 },
    match,
    pool: { ...plainPool, holdMs: 1_000, connectTimeoutMs: 1_000 },
    upstream: declaredUpstream(`${index}`, { run: undefined, drainMs: 1_000 }),
    declaredBy: { kind: 'static', position: index },
  }));
}

/** Where Sealane terminates TLS, clients ask for an HTTP host as a server name. */
function keyOf({ kind, pattern }: Name, tls: TlsMode): string {
  return `${tls === 'terminate' ? 'sni' : kind} ${pattern}`;
}

/** The keys of a listener, `sni x.localhost` or `default`, each with its service. */
function owners({ names: named, service }: ListenerSpec): readonly (readonly [key: string, service: string])[] {
  const fallback = service === undefined ? [] : [['default', service] as const];
  return [...named.map((one) => [keyOf(one, one.tls), one.service] as const), ...fallback];
}

function wanted({ names: named, tls }: RouteMatch): readonly string[] {
  return named.length === 0 ? ['default'] : named.map((one) => keyOf(one, tls));
}

/** Every address is bound once, every name on it has one owner, and every owner has a pool. */
function expectSound({ listeners, pools }: RoutingTable): void {
  const services = new Set(pools.map(({ service }) => service));
  for (const listener of listeners) {
    const all = owners(listener);
    expect(all.length).toBeGreaterThan(0);
    expect(new Set(all.map(([key]) => key)).size).toBe(all.length);
    for (const [, service] of all) expect(services).toContain(service);
    for (const other of listeners.filter((one) => one !== listener)) expect(overlap(listener, other)).toBe(false);
  }
}

/** All routes of one address expect PROXY headers from the same proxies. */
function expectAgreement({ services }: Catalog): void {
  const routes = [...services.values()].flatMap((service) => service.routes);
  for (const [, here] of Map.groupBy(routes, ({ listen }) => listen)) {
    for (const { acceptProxy } of here) expect(sameProxies(acceptProxy, here[0]?.acceptProxy ?? [])).toBe(true);
  }
}

/** The owner of a name is the most senior service that declares it and agrees on the PROXY headers of the address. */
function expectSeniority({ listeners }: RoutingTable, declarations: readonly Declaration[]): void {
  const sorted = declarations.toSorted(compareDeclarations);
  for (const listener of listeners) {
    const here = sorted.filter((one) => listenOf(one) === listener.key);
    // Most replicas of a service decide on its PROXY headers, else the oldest.
    const beginning = new Map(
      [...Map.groupBy(here, ({ service }) => service)].map(([service, replicas]) => [
        service,
        decide(replicas.map(({ declaredBy, match }) => ({ by: declaredBy, value: match.acceptProxy }))).value,
      ]),
    );
    const common = beginning.get(owners(listener)[0]?.[1] ?? '') ?? [];
    for (const [key, owner] of owners(listener)) {
      const claims = here.filter(({ match }) => wanted(match).includes(key));
      const first = claims.find(({ service }) => sameProxies(beginning.get(service) ?? [], common));
      expect(first?.service).toBe(owner);
    }
  }
}

function sameProxies(one: readonly string[], other: readonly string[]): boolean {
  return [...one].toSorted().join() === [...other].toSorted().join();
}

test('the table depends on the final state of the world alone, and nothing in it ever has two owners', () => {
  fc.assert(
    fc.property(made, fc.array(move, { maxLength: 60, size: 'max' }), (containers, moves) => {
      const scene = new Scene(containers);
      const house = new House();
      moves.forEach((one, at) => {
        if (one.kind === 'verdict') house.judge(idOf(one.name).slice(0, 1), one.verdict);
        else if (one.kind === 'file') house.file = one;
        else if (one.kind === 'reconcile' || one.kind === 'rest') {
          if (one.kind === 'rest') expect(scene.settle()).toBe(true);
          expectSound(house.reconcile(scene.world.containers(), at * 100));
          expectAgreement(house.catalog);
        } else scene.step(one);
      });
      expect(scene.settle()).toBe(true);

      const fresh = new House();
      fresh.file = house.file;
      for (const [key, verdict] of house.verdicts) fresh.verdicts.set(key, verdict);
      const truth = new Map([...scene.truth].filter(([, { state }]) => state === 'running' || state === 'paused'));
      const settled = fresh.settledTable(truth);
      expect(house.settledTable(scene.world.containers())).toEqual(settled);
      expectSound(settled);
      expectSeniority(settled, fresh.declarations);
    }),
    { numRuns: 500 },
  );
});
