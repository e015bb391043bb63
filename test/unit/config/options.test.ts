import { describe, expect, it } from 'vitest';
import { fallbackOf, land, namesByField } from '../../../src/config/options/option.ts';
import { poolOptions } from '../../../src/config/options/pool.ts';
import { optionNames, routeOptions } from '../../../src/config/options/route-options.ts';
import { poolOf } from '../../../src/discovery/options.ts';
import { defaultPool } from '../../../src/relay/boundary/table.ts';

describe('an option of a route', () => {
  const written = optionNames.flatMap((name) => {
    const text = /^`([^`]+)`$/.exec(fallbackOf(routeOptions[name]))?.[1];
    return text === undefined ? [] : [[name, text] as const];
  });

  it.each(written)('%s may be written as its default: %s', (name, text) => {
    const { schema, default: otherwise, field } = routeOptions[name];
    const { data, success } = schema.safeParse(text);
    expect(success).toBe(true);
    // The default of sniff-timeout is the timeout of the other routes on the port.
    if (field !== undefined && field !== 'sniffTimeoutMs') expect(data).toEqual(otherwise);
  });

  it.each(optionNames)('%s is described', (name) => {
    const option = routeOptions[name];
    expect([option.value, fallbackOf(option), option.description].join()).not.toMatch(/undefined|^,|,,|,$/);
  });
});

describe('options of a pool', () => {
  it('fill all of its fields, with the defaults that the relay has for an unknown pool', () => {
    expect(land(poolOptions, {})).toEqual(defaultPool);
    expect(poolOf({})).toEqual(defaultPool);
    expect(Object.keys(namesByField(poolOptions)).toSorted()).toEqual(Object.keys(defaultPool).toSorted());
  });

  it('have the written value, even if it stands for none', () => {
    const tls = { serverName: 'db.localhost', verify: true };
    expect(poolOf({ hold: 0, 'tls.upstream': tls, 'tls.alpn': [] })).toEqual({
      ...defaultPool,
      holdMs: 0,
      upstreamTls: tls,
      alpn: [],
    });
  });

  it('give the idle time of rebalancing only if rebalancing is on', () => {
    expect(poolOf({ 'rebalance.idle': 5_000 }).rebalanceIdleMs).toBeUndefined();
    const rebalance = poolOptions.rebalance.schema.parse('idle');
    expect(poolOf({ rebalance }).rebalanceIdleMs).toBe(30_000);
    expect(poolOf({ rebalance, 'rebalance.idle': 5_000 }).rebalanceIdleMs).toBe(5_000);
  });
});
