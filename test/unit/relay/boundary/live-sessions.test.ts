import { expect, it } from 'vitest';
import {
  mergeLiveSessions,
  printLiveSessions,
  readLiveSessions,
} from '../../../../src/relay/boundary/live-sessions.ts';
import { listSessions } from '../../../../src/relay/sessions/list-sessions.ts';

it('counts who waits for a service by any name, also by one that every object has', () => {
  const lists = [1, 2].map((heldCount) =>
    // As it comes from another thread.
    readLiveSessions(
      printLiveSessions(
        listSessions(
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
  const { held } = mergeLiveSessions(lists, 0);
  expect([...held]).toEqual([['constructor', 3]]);
});
