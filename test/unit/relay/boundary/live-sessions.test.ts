import { expect, it } from 'vitest';
import { mergeLooks, printLook, readLook } from '../../../../src/relay/boundary/live-sessions.ts';
import { lookAt } from '../../../../src/relay/sessions/list-sessions.ts';

it('counts who waits for a service by any name, also by one that every object has', () => {
  const looks = [1, 2].map((heldCount) =>
    // As it comes from another thread.
    readLook(
      printLook(
        lookAt(
          [
            { service: 'constructor', heldCount, sessions: [] },
            { service: 'web', heldCount: 0, sessions: [] },
          ],
          { limit: 0 },
          0,
        ),
      ),
    ),
  );
  const { held } = mergeLooks(looks, 0);
  expect([...held]).toEqual([['constructor', 3]]);
});
