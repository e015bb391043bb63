import { expect, test } from 'vitest';
import { Handshake } from '../../../../../src/relay/intake/tls/handshake.ts';
import { ManualClock } from '../../../../support/manual-clock.ts';
import { FakeChannel } from '../../../../support/sockets/fake-channel.ts';

function begin() {
  const channel = new FakeChannel();
  const ends: unknown[][] = [];
  const options = { contextFor: () => undefined, alpn: [], isPostgres: true, timeoutMs: 1_000 };
  const handshake = new Handshake(channel, new ManualClock(), options, {
    onSecured: (request) => void ends.push(['secured', request]),
    onOver: (...how) => void ends.push(how),
  });
  return { channel, handshake, ends };
}

test('a client of Postgres that resets after its handshake, and before its first message, has given up', () => {
  const { channel, handshake, ends } = begin();
  handshake.onSecured();
  channel.leave();
  expect(ends).toEqual([['client-gave-up', undefined]]);
  expect(channel.phase).toBe('aborted');
});

test('a client that resets during its handshake has failed it', () => {
  const { channel, ends } = begin();
  channel.leave();
  expect(ends).toEqual([['tls-failed', undefined, 'the client left']]);
});
