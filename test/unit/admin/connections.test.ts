import { EventEmitter } from 'node:events';
import type { Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { expect, it } from 'vitest';
import { createAdminApp } from '../../../src/admin/app.ts';
import { Connections } from '../../../src/admin/connections.ts';
import { adminSource } from '../../support/sealane/admin-source.ts';

class FakeSocket extends EventEmitter {
  readonly remoteAddress: string;
  destroyed = false;

  constructor(remoteAddress: string) {
    super();
    this.remoteAddress = remoteAddress;
  }

  destroy(): void {
    this.destroyed = true;
  }
}

function createConnections(most = 256) {
  const server = new EventEmitter();
  const connections = new Connections(server as Server, most);
  const connect = (address: string): FakeSocket => {
    const socket = new FakeSocket(address);
    server.emit('connection', socket);
    return socket;
  };
  const begin = (socket: FakeSocket): EventEmitter => {
    const response = new EventEmitter();
    connections.begin(socket as unknown as Socket, response as ServerResponse);
    return response;
  };
  const isCrowdedFor = (socket: FakeSocket): boolean => connections.isCrowdedFor(socket as unknown as Socket);
  return { connect, begin, isCrowdedFor };
}

const repeat = <T>(count: number, make: (index: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i));
const closedOf = (sockets: readonly FakeSocket[]): number[] =>
  sockets.flatMap(({ destroyed }, index) => (destroyed ? [index] : []));

it('a new connection beyond the bound of its address takes the place of the connection that has gone the longest without a request', () => {
  const { connect, begin } = createConnections();
  const others = repeat(10, () => connect('10.0.0.2'));
  const own = repeat(128, () => connect('10.0.0.1'));
  const [first, second] = own;
  if (!first || !second) throw new Error('there are none');
  const response = begin(first);
  connect('10.0.0.1');
  expect([closedOf(own), closedOf(others)]).toEqual([[1], []]);
  second.emit('close');
  response.emit('close');
  connect('10.0.0.1');
  expect([closedOf(own), closedOf(others)]).toEqual([[1, 2], []]);
});

it.each([
  [16, 8],
  [37, 18],
])('of at most %i connections, an address gets %i, and health checks always find one', (most, ofAddress) => {
  const { connect, begin, isCrowdedFor } = createConnections(most);
  const own = repeat(ofAddress + 1, () => connect('10.0.0.1'));
  expect(closedOf(own)).toEqual([0]);
  own.slice(1).forEach(begin);
  const other = connect('10.0.0.2');
  expect([own.slice(1).every(isCrowdedFor), isCrowdedFor(other)]).toEqual([true, false]);
  repeat(most - ofAddress - 1, (index) => begin(connect(`10.0.1.${index}`)));
  expect([isCrowdedFor(other), other.destroyed]).toEqual([true, false]);
});

it('connections of all addresses together have a bound, too', () => {
  const { connect } = createConnections();
  const sockets = repeat(300, (index) => connect(`10.0.0.${index % 200}`));
  expect(closedOf(sockets)).toEqual(repeat(44, (index) => index));
});

it('requests in progress leave room for health checks, of one address and of all', async () => {
  const { connect, begin, isCrowdedFor } = createConnections();
  const own = repeat(97, () => connect('10.0.0.1'));
  const responses = own.map(begin);
  const [first] = own;
  if (!first) throw new Error('there is none');
  expect([isCrowdedFor(first), isCrowdedFor(connect('10.0.0.2'))]).toEqual([true, false]);
  responses[0]?.emit('close');
  expect(isCrowdedFor(first)).toBe(false);
  repeat(129, (index) => begin(connect(`10.0.1.${index}`)));
  expect(isCrowdedFor(connect('10.0.0.3'))).toBe(true);
  const app = createAdminApp(adminSource(), { token: undefined, names: [] });
  const statusOf = async (path: string): Promise<number> =>
    (await app.request(path, { headers: { host: 'localhost' } }, { crowded: true })).status;
  expect([await statusOf('/healthz'), await statusOf('/readyz'), await statusOf('/api/status')]).toEqual([
    200, 200, 503,
  ]);
});
