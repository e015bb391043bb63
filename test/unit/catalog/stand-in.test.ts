import { describe, expect, it } from 'vitest';
import { emptyCatalog, nextCatalog, type Catalog, type CatalogInput } from '../../../src/catalog/catalog.ts';
import { explain } from '../../../src/catalog/explain.ts';
import { createMerger } from '../../../src/catalog/merge.ts';
import { createTableWriter } from '../../../src/catalog/routing.ts';
import { stateOf } from '../../../src/catalog/service-state.ts';
import { createStandIn, type StandIn } from '../../../src/catalog/swap/stand-in.ts';
import type { Verdict } from '../../../src/catalog/upstream.ts';
import { declaration, world } from '../../support/declared.ts';
import { explainWorld } from '../../support/sealane/admin-source.ts';

const place = { endpoints: [{ host: '127.0.0.1', port: 3000 }], advice: 'Let it listen on 127.0.0.1:3000.' };
const asked = { id: 'x', address: 'localhost:3000', owner: 'anna@laptop', percent: 100, strict: false };
const standIn = createStandIn('api', asked, place);
const listeners: CatalogInput['listeners'] = new Map([
  ['127.0.0.1:80', { kind: 'listening', host: '127.0.0.1', port: 80 }],
]);

/** Runs of one reconcile loop. */
function loop() {
  const merge = createMerger();
  const write = createTableWriter({ maxHeld: 100, explainNames: true });
  let catalog: Catalog = emptyCatalog;
  const declared = new Map(['one', 'two'].map((name) => [name, declaration(name)]));
  const run = (
    nowMs: number,
    over: { readonly own?: readonly string[]; readonly by?: StandIn; readonly verdict?: Verdict } = {},
  ) => {
    const { own = ['one', 'two'], by, verdict = { kind: 'fit' } } = over;
    const input = {
      ...world(own.flatMap((name) => declared.get(name) ?? [])),
      listeners,
      standInOf: () => by,
      verdictOf: (key: string) => (key === 'stand-in/api/x' ? verdict : undefined),
    };
    catalog = nextCatalog(catalog, input, nowMs, merge);
    const service = catalog.services.get('api');
    const [pool] = write(catalog, 0).pools;
    return {
      service,
      state: service && stateOf(service, 0),
      available: Object.fromEntries(pool?.upstreams.map(({ name, availability }) => [name, availability]) ?? []),
      nextDeadlineMs: catalog.nextDeadlineMs,
      why: explain('api', explainWorld(catalog)),
    };
  };
  return run;
}

describe('a stand-in', () => {
  it('is one more upstream of its service, which stays the same object while nothing changes', () => {
    const run = loop();
    run(0);
    const { service, state, available } = run(1, { by: standIn });
    expect(available).toEqual({ one: 'ready', two: 'ready', 'stand-in localhost:3000': 'ready' });
    expect(state).toEqual({
      kind: 'up',
      reason: 'swapped: all new sessions go to the stand-in localhost:3000 of anna@laptop',
    });
    expect(run(2, { by: standIn }).service).toBe(service);
  });

  it('drains once it was given back', () => {
    const run = loop();
    run(0, { by: standIn });
    const after = run(1_000);
    expect(after.available).toEqual({ one: 'ready', two: 'ready', 'stand-in localhost:3000': 'unavailable' });
    expect(after.nextDeadlineMs).toBe(11_000);
    // Its last sessions are no lack of the service's.
    expect(after.state).toEqual({ kind: 'up', reason: 'all 2 upstreams are ready' });
    expect(after.why).toMatchObject({ verdict: 'reachable', cause: 'fine' });
    expect(run(11_000).available).toEqual({ one: 'ready', two: 'ready' });
  });

  it('that does not answer leaves the clients to the service’s own upstreams', () => {
    const run = loop();
    const silent = run(0, { by: standIn, verdict: { kind: 'pending', reason: 'ECONNREFUSED 127.0.0.1:3000' } });
    expect(silent.available).toEqual({ one: 'ready', two: 'ready', 'stand-in localhost:3000': 'unavailable' });
    expect(silent.state).toEqual({
      kind: 'degraded',
      reason:
        'swapped, but the stand-in localhost:3000 of anna@laptop is starting (ECONNREFUSED 127.0.0.1:3000), so its own upstreams serve: all 2 upstreams are ready',
    });
  });

  it('that is strict gets all clients, and they are held while it does not answer', () => {
    const run = loop();
    const strict = createStandIn('api', { ...asked, strict: true }, place);
    expect(run(0, { by: strict }).available).toMatchObject({ one: 'unavailable', two: 'unavailable' });
    const silent = run(1, { by: strict, verdict: { kind: 'suspect', reason: 'it did not answer' } });
    expect(Object.values(silent.available)).toEqual(['unavailable', 'unavailable', 'suspect']);
    expect(silent.state?.kind).toBe('down');
    expect(silent.state?.reason).toContain('so its clients are held');
    expect(run(2).available).toMatchObject({ one: 'ready', two: 'ready' });
  });

  it('with a share says what the others do', () => {
    const some = createStandIn('api', { ...asked, percent: 20 }, place);
    expect(loop()(0, { by: some }).state).toEqual({
      kind: 'up',
      reason:
        'swapped: 20% of new sessions go to the stand-in localhost:3000 of anna@laptop; of the others: all 2 upstreams are ready',
    });
  });

  it('keeps the port of a service whose containers are gone, for as long as it is there', () => {
    const run = loop();
    run(0, { by: standIn });
    const alone = run(1, { own: [], by: standIn });
    expect(alone.available).toEqual({ 'stand-in localhost:3000': 'ready' });
    expect(run(1_000_000, { own: [], by: standIn })).toMatchObject({
      state: { kind: 'up' },
      service: { routes: [{}] },
    });
    const ended = run(1_000_001, { own: [] });
    expect(ended.service?.lingersUntilMs).toBe(1_010_001);
    expect(run(1_010_001, { own: [] }).service).toBeUndefined();
  });

  it('is what `why` tells of first', () => {
    const run = loop();
    expect(run(0, { by: standIn }).why).toMatchObject({
      verdict: 'reachable',
      cause: 'swapped',
      summary: 'api on 127.0.0.1:80 is swapped: all new sessions go to the stand-in localhost:3000 of anna@laptop',
      next: 'To give it back: sealane swap api --back',
    });
    const silent = { verdict: { kind: 'pending', reason: 'ECONNREFUSED 127.0.0.1:3000' } } as const;
    expect(run(1, { by: standIn, ...silent }).why).toMatchObject({
      verdict: 'degraded',
      cause: 'stand-in-silent',
      next: 'Let it listen on 127.0.0.1:3000. To give it back: sealane swap api --back',
    });
    expect(run(2, { by: standIn, own: [], ...silent }).why.verdict).toBe('unreachable');
  });

  it('that is silent leaves clients to containers that sleep: one wakes them, or is told why they do not start', () => {
    const plain = declaration('one');
    const upstream = plain.upstream && {
      ...plain.upstream,
      sleep: { afterMs: 1, mode: 'stop' as const },
      condition: { kind: 'asleep' as const, how: 'stopped' as const },
    };
    const input = {
      ...world([{ ...plain, upstream }]),
      listeners,
      standInOf: () => standIn,
      restOf: () => ({ kind: 'failed', failure: 'no image' }) as const,
    };
    const [pool] = createTableWriter({ maxHeld: 100, explainNames: true })(
      nextCatalog(emptyCatalog, input, 0),
      0,
    ).pools;
    expect(pool).toMatchObject({ wakes: true, wakeFailure: 'one: no image' });
  });

  it('takes no part in the rename of a service', () => {
    const merge = createMerger();
    const base = {
      ...world([declaration('one')]),
      listeners,
      standInOf: (name: string) => (name === 'api' ? standIn : undefined),
    };
    const first = nextCatalog(emptyCatalog, base, 0, merge);
    const renamed = { ...base, declarations: [declaration('one', { service: 'shop' })] };
    const second = nextCatalog(first, renamed, 1, merge);
    expect([...second.services.keys()]).toEqual(['shop']);
  });
});
