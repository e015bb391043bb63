import { expect, it } from 'vitest';
import {
  mergeLiveSessions,
  printLiveSessions,
  readLiveSessions,
} from '../../../../src/relay/boundary/live-sessions.ts';
import { listSessions } from '../../../../src/relay/sessions/list-sessions.ts';

it('counts the held clients of a service of any name, also of one that every object has as a property', () => {
  const lists = [1, 2].map((heldCount) =>
    // The list as it arrives from another thread.
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
