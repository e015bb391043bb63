import { expect, it } from 'vitest';
import { emptyRecord, type CloseReason } from '../../../src/relay/boundary/report.ts';
import { FailureCounts } from '../../../src/telemetry/failure-counts.ts';

function ended(service: string | undefined, reason: CloseReason) {
  return { ...emptyRecord, listener: '127.0.0.1:80', client: '127.0.0.1:1', startedAtMs: 0, service, reason };
}

it('failed sessions are counted by service and reason; those that went well or whose client left are not', () => {
  const counts = new FailureCounts();
  counts.add([ended('web', 'hold-expired'), ended('web', 'finished'), ended('web', 'client-gave-up')]);
  counts.add([ended('web', 'hold-expired'), ended('web', 'upstream-reset'), ended('db', 'denied')]);
  expect(counts.of('web')).toEqual({ 'hold-expired': 2, 'upstream-reset': 1 });
  expect(counts.of('db')).toEqual({ denied: 1 });
  expect(counts.of('other')).toEqual({});
});

it('a client that was rejected before it had a service counts for none, and names of objects are plain names', () => {
  const counts = new FailureCounts();
  counts.add([ended(undefined, 'no-route'), ended('__proto__', 'hold-full')]);
  expect(counts.of('__proto__')).toEqual({ 'hold-full': 1 });
  expect(counts.of('constructor')).toEqual({});
});

it('of more services than are remembered, the one whose last failure is the oldest is forgotten', () => {
  const counts = new FailureCounts(2);
  for (const service of ['a', 'b', 'a', 'c']) counts.add([ended(service, 'hold-full')]);
  expect([counts.of('a'), counts.of('b'), counts.of('c')]).toEqual([{ 'hold-full': 2 }, {}, { 'hold-full': 1 }]);
});
