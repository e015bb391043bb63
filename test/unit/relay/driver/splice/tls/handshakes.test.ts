import { expect, test } from 'vitest';
import type { Deferred, EpollLoop } from '../../../../../../src/relay/driver/splice/epoll-loop.ts';
import { TlsHandshakes } from '../../../../../../src/relay/driver/splice/tls/handshakes.ts';
import type { TlsClient } from '../../../../../../src/relay/driver/splice/tls/tls-client.ts';

/** Handshakes whose steps are counted, and a loop whose turns the test takes. */
function create() {
  const deferred: Deferred[] = [];
  const loop = { defer: (one: Deferred) => void deferred.push(one) } as unknown as EpollLoop;
  const handshakes = new TlsHandshakes(loop);
  const steps: string[] = [];
  const ends: string[] = [];
  return {
    steps,
    ends,
    turn: () => {
      for (const one of deferred.splice(0)) one.runDeferred();
    },
    begin: (name: string, then: ReturnType<TlsClient['handshake']> = 'waiting') => {
      const tls = {
        handshake() {
          steps.push(name);
          return then;
        },
      };
      return handshakes.begin(tls as unknown as TlsClient, {
        onSecured: () => void ends.push(`${name} is secured`),
        onSecureFailed: (reason) => void ends.push(`${name}: ${reason}`),
      });
    },
  };
}

test('a burst of handshakes is spread over turns of the loop, one step in each, in the order of the clients', () => {
  const { begin, turn, steps } = create();
  const [first] = ['a', 'b', 'c'].map((name) => begin(name));
  expect(steps).toEqual([]);
  turn();
  expect(steps).toEqual(['a']);
  // Any number of events makes one step due.
  first?.onReady();
  first?.onReady();
  for (let turns = 0; turns < 5; turns++) turn();
  expect(steps).toEqual(['a', 'b', 'c', 'a']);
});

test('a handshake that was stopped takes no step any more', () => {
  const { begin, turn, steps } = create();
  const first = begin('a');
  begin('b');
  first.stop();
  turn();
  expect(steps).toEqual(['b']);
});

test('the outcome of a handshake is told once', () => {
  const { begin, turn, ends } = create();
  begin('a', 'done');
  begin('b', { failed: 'unsupported protocol' });
  turn();
  turn();
  expect(ends).toEqual(['a is secured', 'b: unsupported protocol']);
});

test('a handshake with more to do takes its next step after those of the others', () => {
  const { begin, turn, steps } = create();
  begin('a', 'more');
  begin('b');
  for (let turns = 0; turns < 3; turns++) turn();
  expect(steps).toEqual(['a', 'b', 'a']);
});
