import type { Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/**
 * Bounds the connections of an admin server, over all and for each client address, so that no client can shut out the
 * others. A new connection takes the place of the one that has gone the longest without a whole request. Answers in
 * progress are never cut off, so they get fewer places than there are: health checks always find one.
 */
/** The part for one client address: a reverse proxy, or Docker's own, has one for all of its clients. */
const partOfAddress = 1 / 2;
const partForHealth = 1 / 8;

interface Connection {
  readonly socket: Socket;
  readonly address: string;
  /** The requests that are being answered. */
  answering: number;
}

export class Connections {
  /** First the one that has gone the longest without a whole request. */
  readonly #connections = new Map<Socket, Connection>();
  readonly #most: number;
  readonly #mostOfAddress: number;
  readonly #keptForHealth: number;

  /** `most`: the most connections at once. */
  constructor(server: Server, most: number) {
    this.#most = most;
    this.#mostOfAddress = Math.floor(most * partOfAddress);
    this.#keptForHealth = Math.ceil(most * partForHealth);
    server.on('connection', (socket) => this.#add(socket));
  }

  /** A whole request has come; it is in progress until `response` is closed. */
  begin(socket: Socket, response: ServerResponse): void {
    const connection = this.#connections.get(socket);
    if (!connection) return;
    connection.answering += 1;
    this.#connections.delete(socket);
    this.#connections.set(socket, connection);
    response.once('close', () => (connection.answering -= 1));
  }

  /** Whether so many requests are being answered that only health checks may be served. */
  isCrowdedFor(socket: Socket): boolean {
    const busy = this.#select(({ answering }) => answering > 0);
    const address = addressOf(socket);
    return (
      busy.length > this.#most - this.#keptForHealth ||
      busy.filter((connection) => connection.address === address).length > this.#mostOfAddress - this.#keptForHealth
    );
  }

  #add(socket: Socket): void {
    const address = addressOf(socket);
    this.#connections.set(socket, { socket, address, answering: 0 });
    socket.once('close', () => this.#connections.delete(socket));
    const ofAddress = this.#select((connection) => connection.address === address);
    if (ofAddress.length > this.#mostOfAddress) this.#makeRoom(ofAddress);
    else if (this.#connections.size > this.#most) this.#makeRoom([...this.#connections.values()]);
  }

  #makeRoom(connections: readonly Connection[]): void {
    const idle = connections.find(({ answering }) => answering === 0);
    if (!idle) return;
    // The close event follows later, and the place must be free now.
    this.#connections.delete(idle.socket);
    idle.socket.destroy();
  }

  #select(matches: (connection: Connection) => boolean): Connection[] {
    return [...this.#connections.values()].filter(matches);
  }
}

/** All clients of a Unix socket count as one: they are one user. */
function addressOf({ remoteAddress = '' }: Socket): string {
  return remoteAddress;
}
