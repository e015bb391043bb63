import { connect, type Socket } from 'node:net';
import { parseAnswer, type Answer } from './answer.ts';
import { wallMs } from './wall-clock.ts';

/**
 * A client's connection: sends requests, and returns whole answers or a failure with the reason.
 */
export class ConnectionFailure extends Error {
  /**
   * Node's error code, or `EMPTY`: the connection ended without a byte; `CUT`: it ended within an answer; `SILENT`: no
   * answer within `patienceMs`.
   */
  readonly code: string;

  constructor(code: string) {
    super(code);
    this.code = code;
  }
}

/** The timeout, longer than any hold: Sealane ends the session first and logs the reason. */
const patienceMs = 30_000;

export class Client {
  readonly startedAtMs = wallMs();
  readonly #socket: Socket;
  #localPort: number | undefined;
  #text = '';
  #failure: ConnectionFailure | undefined;
  #wake: (() => void) | undefined;

  constructor(port: number, host = '127.0.0.1') {
    const socket = connect({ port, host, noDelay: true });
    this.#socket = socket;
    socket.setTimeout(patienceMs, () => this.#fail('SILENT'));
    socket.on('connect', () => (this.#localPort = socket.localPort));
    socket.on('data', (chunk: Buffer) => {
      this.#text += chunk.toString('latin1');
      this.#wake?.();
    });
    socket.on('error', (error: NodeJS.ErrnoException) => this.#fail(error.code ?? 'UNKNOWN'));
    socket.on('end', () => this.#fail(this.#text === '' ? 'EMPTY' : 'CUT'));
  }

  /** The port that identifies the client in Sealane's access log; undefined when the client never connected. */
  get localPort(): number | undefined {
    return this.#localPort;
  }

  /** Sends one request and resolves with its answer. Rejects with a ConnectionFailure. */
  async ask(connection: 'close' | 'keep-alive'): Promise<Answer> {
    if (!this.#failure) this.#socket.write(`GET / HTTP/1.1\r\nHost: soak\r\nConnection: ${connection}\r\n\r\n`);
    for (;;) {
      const answer = parseAnswer(this.#text);
      if (answer) {
        this.#text = this.#text.slice(answer.length);
        return answer;
      }
      if (this.#failure) throw this.#failure;
      await this.#change();
    }
  }

  /** Resolves once the connection has ended or failed. */
  async ended(): Promise<void> {
    while (!this.#failure) await this.#change();
  }

  close(): void {
    this.#socket.destroy();
  }

  #fail(code: string): void {
    this.#failure ??= new ConnectionFailure(code);
    this.#socket.destroy();
    this.#wake?.();
  }

  #change(): Promise<void> {
    return new Promise((resolve) => (this.#wake = resolve));
  }
}
