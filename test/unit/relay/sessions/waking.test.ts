import { describe, expect, test } from 'vitest';
import { createPool } from '../../../support/sockets/pool.ts';

describe('a service with containers that are asleep', () => {
  test('tells at once of the first client that is held, and again when clients wait anew', () => {
    const { admit, waiting, clock } = createPool([], { wakes: true });
    admit();
    admit();
    expect(waiting).toHaveLength(1);
    clock.advance(60_000);
    admit();
    expect(waiting, 'all of the first have left').toHaveLength(2);
  });

  test('tells of a client that was held before they fell asleep', () => {
    const { admit, waiting, apply } = createPool([]);
    admit();
    expect(waiting).toEqual([]);
    apply([], { wakes: true });
    expect(waiting).toHaveLength(1);
  });

  test('tells its clients why they can not be woken: a page for HTTP, an end in order for others', () => {
    const { admit, apply, records, clock } = createPool([], { wakes: true });
    const [early, other] = [admit(), admit()];
    apply([], { wakes: true, wakeFailure: 'web-1: port is already allocated' });
    const late = admit();
    for (const channel of [early, late]) channel.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    expect(early.written).toMatch(/^HTTP\/1\.1 503 [^]*web-1: port is already allocated/);
    expect(late.written).toBe(early.written);
    clock.advance(200);
    expect([other.phase, other.written], 'it has not said what it speaks').toEqual(['rejected', '']);
    expect(new Set(records.map(({ reason, detail }) => `${reason} ${detail}`))).toEqual(
      new Set(['wake-failed web-1: port is already allocated']),
    );
  });
});
