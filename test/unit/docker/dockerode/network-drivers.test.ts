import { describe, expect, test } from 'vitest';
import { NetworkDrivers, type NetworkKind } from '../../../../src/docker/dockerode/network-drivers.ts';
import { containerFacts } from '../../../support/facts.ts';
import { settle } from '../../../support/fake-engine/port.ts';
import { ManualClock } from '../../../support/manual-clock.ts';

const web = containerFacts();
const withDriver = { attachments: [{ driver: 'bridge' }] };

/** The drivers of an engine whose answers the test gives. */
function scene() {
  const clock = new ManualClock();
  const asked: { readonly signal: AbortSignal; readonly answer: (driver: string) => void }[] = [];
  const drivers = new NetworkDrivers((_, signal) => {
    const { promise, resolve, reject } = Promise.withResolvers<NetworkKind>();
    signal.addEventListener('abort', () => reject(new Error('aborted')), { once: true });
    asked.push({ signal, answer: (driver: string) => resolve({ driver }) });
    return promise;
  }, clock);
  return { clock, asked, drivers };
}

describe('the driver of a network whose engine does not answer', () => {
  test('is not waited for once the caller has had enough, and is told to the other callers', async () => {
    const { asked, drivers } = scene();
    const ending = new AbortController();
    const impatient = drivers.addTo(web, ending.signal);
    const patient = drivers.addTo(web);
    ending.abort();
    expect(await impatient).toEqual(web);
    expect(asked[0]?.signal.aborted).toBe(false);
    asked[0]?.answer('bridge');
    expect((await patient).networking).toMatchObject(withDriver);
    expect(asked).toHaveLength(1);
  });

  test('is asked for no longer once no caller is left, and anew by the next one', async () => {
    const { asked, clock, drivers } = scene();
    const ending = new AbortController();
    const only = drivers.addTo(web, ending.signal);
    ending.abort();
    await only;
    expect(asked[0]?.signal.aborted).toBe(true);
    const next = drivers.addTo(web);
    expect(asked).toHaveLength(2);
    asked[1]?.answer('bridge');
    expect((await next).networking).toMatchObject(withDriver);
    await settle();
    expect(clock.nextDelayMs()).toBeUndefined();
    expect((await drivers.addTo(web)).networking).toMatchObject(withDriver);
  });

  test('is unknown for a minute, so that one container waits and not each', async () => {
    const { asked, clock, drivers } = scene();
    const first = drivers.addTo(web);
    clock.advance(2_000);
    expect(await first).toEqual(web);
    clock.advance(59_000);
    expect(await drivers.addTo(web)).toEqual(web);
    expect(asked).toHaveLength(1);
    clock.advance(1_000);
    const later = drivers.addTo(web);
    expect(asked).toHaveLength(2);
    asked[1]?.answer('bridge');
    expect((await later).networking).toMatchObject(withDriver);
  });
});
