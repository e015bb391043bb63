import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { nothingDetected } from '../../../../src/relay/intake/detect/step.ts';
import { clientInfoOf } from '../../../../src/relay/intake/client-info.ts';
import { FakeChannel } from '../../../support/sockets/fake-channel.ts';
import { createPool, type PoolRig } from '../../../support/sockets/pool.ts';
import { upstream } from '../../../support/sockets/tables.ts';

const a = upstream('a', { port: 1 });
const b = upstream('b', { port: 2 });
const deny = ['192.0.2.0/24'];

describe('a client whose upstream is lost', () => {
  test('is rejected when the lists have changed since it was admitted', () => {
    const { admit, apply, records, pool, counters } = createPool([a, b]);
    const client = admit();
    client.answer();
    apply([a, b], { deny });
    expect(client.phase).toBe('relaying');
    client.lose();
    expect(client).toMatchObject({ phase: 'aborted', dials: [1] });
    expect(records).toMatchObject([{ reason: 'denied' }]);
    expect(counters.worker(0)).toMatchObject({ denied: 1 });
    expect([pool.sessionCount, counters.activeOf(1), counters.held]).toEqual([0, 0, 0]);
  });

  test('is sent to another upstream when the lists still allow it', () => {
    const { admit, apply } = createPool([a, b]);
    const client = admit();
    client.answer();
    apply([a, b], { deny: ['203.0.113.0/24'] });
    client.lose();
    expect(client.dials).toEqual([1, 2]);
  });
});

describe('a client in its TLS handshake', () => {
  test('counts against limits from then on, and only once when its session begins', () => {
    const rig = createPool([a], { maxSessions: 1 });
    const { pending, channel } = admitPending(rig);
    expect(rig.pool.sessionCount).toBe(1);
    expect(rig.admit().phase).toBe('aborted');
    rig.pool.admitSecured(pending);
    expect(channel.phase).toBe('dialing');
    expect(rig.admit().phase).toBe('aborted');
    channel.answer();
    channel.end();
    expect(rig.admit().phase).toBe('dialing');
    expect(rig.records.map(({ reason }) => reason)).toEqual(['limit-service', 'limit-service', 'finished']);
  });

  test('no longer counts when the handshake fails', () => {
    const rig = createPool([a], { maxSessionsPerClient: 1 });
    const { pending } = admitPending(rig);
    rig.pool.admission.onHandshakeOver(pending, 'tls-failed', 'no TLS', 'api.test');
    expect(rig.records).toMatchObject([{ reason: 'tls-failed', detail: 'no TLS', name: 'api.test' }]);
    expect(rig.counters.worker(0)).toMatchObject({ 'tls-failed': 1, closed: 1 });
    expect(rig.admit().phase).toBe('dialing');
  });

  test('counts against a limit that is set meanwhile', () => {
    const rig = createPool([a]);
    const { pending } = admitPending(rig);
    rig.apply([a], { maxSessions: 1 });
    expect(rig.admit().phase).toBe('aborted');
    rig.pool.admission.onHandshakeOver(pending, 'shutdown');
    expect(rig.admit().phase).toBe('dialing');
  });

  test('is rejected when it is put on a deny list meanwhile', () => {
    const rig = createPool([a], { maxSessions: 1 });
    const { pending, channel } = admitPending(rig);
    rig.apply([a], { maxSessions: 1, deny });
    rig.pool.admitSecured(pending);
    expect(channel).toMatchObject({ phase: 'aborted', dials: [] });
    expect(rig.records).toMatchObject([{ reason: 'denied' }]);
    rig.apply([a], { maxSessions: 1 });
    expect(rig.admit().phase).toBe('dialing');
  });
});

test('no limit is used up in the end, however limits and clients come and go', () => {
  const step = fc.oneof(
    fc.constantFrom('admit', 'expect').map((kind) => ({ kind, nth: 0, limit: undefined })),
    fc.nat(20).map((nth) => ({ kind: 'end', nth, limit: undefined })),
    fc.option(fc.nat(5), { nil: undefined }).map((limit) => ({ kind: 'limit', nth: 0, limit })),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const rig = createPool([a]);
      const ends: (() => void)[] = [];
      for (const { kind, nth, limit } of steps) {
        if (kind === 'limit') rig.apply([a], { maxSessions: limit, maxSessionsPerClient: limit });
        else if (kind === 'end') ends.splice(nth, 1)[0]?.();
        else if (kind === 'admit') {
          const channel = rig.admit();
          channel.answer();
          ends.push(() => channel.end());
        } else {
          const { pending, channel } = tryPending(rig);
          if (!pending) continue;
          if (ends.length % 2 === 0) ends.push(() => rig.pool.admission.onHandshakeOver(pending, 'tls-failed'));
          else {
            rig.pool.admitSecured(pending);
            ends.push(() => channel.leave());
          }
        }
      }
      for (const end of ends) end();
      rig.apply([a], { maxSessions: 1 });
      expect(rig.pool.sessionCount).toBe(0);
      expect([rig.admit().phase, rig.admit().phase]).toEqual(['dialing', 'aborted']);
    }),
  );
});

describe('a dial that fails because this machine lacks a resource', () => {
  test.each(['EMFILE', 'ENFILE', 'EADDRNOTAVAIL', 'ENOBUFS', 'ENOMEM', 'ENOSPC'])(
    '(%s) is reported, does not make the upstream suspect, and its client is held and dials again',
    (code) => {
      const { admit, clock, suspects, warnings, held } = createPool([a]);
      const client = admit();
      client.refuse(code);
      expect(suspects).toEqual([]);
      expect(warnings).toEqual([`dial-impossible: ${code}`]);
      expect([client.phase, held()]).toEqual(['idle', 1]);
      clock.advance(25);
      client.answer();
      expect([client.phase, held()]).toEqual(['relaying', 0]);
    },
  );

  test('puts no upstream behind another', () => {
    const { admit } = createPool([a, b], { balance: 'first' });
    const client = admit();
    client.refuse('EMFILE');
    client.answer();
    expect(client.dials).toEqual([1, 2]);
    expect(admit().dials).toEqual([1]);
  });

  test('is the upstream’s failure when the machine has no IPv6 to reach it by', () => {
    const { admit, suspects, warnings } = createPool([upstream('a', { endpoints: [{ host: '::1', port: 80 }] })]);
    admit().refuse('EADDRNOTAVAIL');
    expect(suspects).toEqual(['a: EADDRNOTAVAIL [::1]:80']);
    expect(warnings).toEqual([]);
  });
});

function admitPending(rig: PoolRig) {
  const { pending, channel } = tryPending(rig);
  if (!pending) throw new Error('it was rejected');
  return { pending, channel };
}

function tryPending({ pool }: PoolRig) {
  const channel = new FakeChannel();
  const clientInfo = clientInfoOf(channel.client, 0, { ...nothingDetected, protocol: 'tls' });
  return { pending: pool.admission.admitPending(channel, 'listener', clientInfo), channel };
}
