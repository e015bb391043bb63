import { expect, test } from 'vitest';
import { createPool } from '../../../support/sockets/pool.ts';
import { FakeChannel } from '../../../support/sockets/fake-channel.ts';
import { upstream } from '../../../support/sockets/tables.ts';

test.each([
  ['10.0.0.1:50000', '10.0.0.1'],
  ['[fd00::1]:50000', 'fd00::1'],
  ['unix', 'unix'],
])('a session of the client %s has the client address %s', (client, address) => {
  const { pool } = createPool([upstream('a', { port: 1 })]);
  pool.admit(Object.assign(new FakeChannel(), { client }), 'listener');
  expect([...pool.sessions].map((session) => session.clientIp)).toEqual([address]);
});
