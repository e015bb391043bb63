import { threadId } from 'node:worker_threads';
import type { FromWorker } from '../boundary/messages.ts';
import type { Endpoint } from '../boundary/table.ts';

/** The questions of one thread to the engine: whose an address is that has just answered. */
export class ProofQuestions {
  readonly #send: (message: FromWorker) => void;
  readonly #asked = new Map<string, (isConfirmed: boolean) => void>();
  #count = 0;

  constructor(send: (message: FromWorker) => void) {
    this.#send = send;
  }

  ask(endpoint: Endpoint, onAnswer: (isConfirmed: boolean) => void): void {
    // The answer to a thread that died meanwhile comes to its successor.
    const id = `${threadId}-${this.#count++}`;
    this.#asked.set(id, onAnswer);
    this.#send({ kind: 'confirm', id, endpoint });
  }

  answer(id: string, isConfirmed: boolean): void {
    const onAnswer = this.#asked.get(id);
    this.#asked.delete(id);
    onAnswer?.(isConfirmed);
  }
}
