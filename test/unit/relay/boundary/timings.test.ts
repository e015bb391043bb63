import { describe, expect, it } from 'vitest';
import { Counters, CounterWriter, createCounterMemory } from '../../../../src/relay/boundary/counters.ts';
import { ServiceTotals } from '../../../../src/relay/plane/service-totals.ts';
import { countOf, quantileOf } from '../../../../src/relay/boundary/timings.ts';

const memory = () => createCounterMemory(2, 8);

describe('dial times', () => {
  it('have quantiles over all workers, as exact as the buckets allow', () => {
    const shared = memory();
    const [first, second] = [new CounterWriter(shared, 0), new CounterWriter(shared, 1)];
    for (let dial = 0; dial < 98; dial += 1) (dial % 2 ? first : second).dialed(3, 0.2);
    first.dialed(3, 40);
    second.dialed(3, 60_000);
    const counters = new Counters(shared);
    const dials = counters.timings.dialsOf(3);
    expect(countOf(dials)).toBe(100);
    expect(quantileOf(dials, 0.5)).toBeGreaterThan(0.1);
    expect(quantileOf(dials, 0.5)).toBeLessThanOrEqual(0.25);
    expect(quantileOf(dials, 0.99)).toBeLessThanOrEqual(50);
    expect(quantileOf(dials, 1)).toBe(5_000);
    expect(counters.totalsOf(3)).toMatchObject({ sessions: 100 });
    expect(counters.totalsOf(3).dialMs).toBeCloseTo(98 * 0.2 + 60_040);
  });

  it('have no quantile before the first dial, and start again with another owner', () => {
    const shared = memory();
    const writer = new CounterWriter(shared, 1);
    writer.dialed(2, 1);
    const counters = new Counters(shared);
    counters.clearSlot(2);
    expect(quantileOf(counters.timings.dialsOf(2), 0.5)).toBeUndefined();
  });
});

describe('the figures of a service', () => {
  it('never go down when its upstreams leave and others get their counters', () => {
    const shared = memory();
    const writer = new CounterWriter(shared, 0);
    const counters = new Counters(shared);
    const services = new ServiceTotals(counters);
    services.own(1, 'api');
    services.own(2, 'api');
    writer.dialed(1, 1);
    writer.dialed(2, 1);
    services.release(1, () => true);
    counters.clearSlot(1);
    services.own(1, 'other');
    writer.dialed(1, 1);
    expect(services.of('api')).toMatchObject({ sessions: 2, dialMs: 2 });
    expect(services.of('other')).toMatchObject({ sessions: 1 });
    services.release(2, () => false);
    counters.clearSlot(2);
    expect(services.of('api').sessions).toBe(0);
    expect(services.all().sessions).toBe(3);
    expect(countOf(services.all().dialHistogram)).toBe(3);
  });
});
