import { setTimeout as delay } from 'node:timers/promises';
import type { ApiAskedSwap, ApiStandIn } from '../../admin/stand-ins/schema.ts';
import { printable } from '../../text/printable.ts';
import { AdminError } from '../client/admin-error.ts';
import type { AdminClient } from '../client/client.ts';

/**
 * Keeps the lease of a swap: renews it every second, and tells what changes. A lease that had run out, because this
 * machine slept or Sealane was restarted, is taken again behind those that others have taken meanwhile.
 */
export interface KeptLease {
  /** Resolves with the reason when the swap was ended by another than its owner. */
  readonly lost: Promise<string>;
  /** Gives the service back; resolves with the sessions that the process has at that moment. */
  giveBack(): Promise<number>;
}

const renewMs = 1_000;
/** In the first second it is seen whether Sealane reaches the process. */
const eagerMs = 100;
/** Less than the lease, so that one lost answer does not end it. */
const patienceMs = 2_000;

/** @throws AdminError where the swap is refused */
export async function keepLease(
  client: AdminClient,
  { service, id, asked }: { readonly service: string; readonly id: string; readonly asked: ApiAskedSwap },
  say: (line: string) => void,
): Promise<KeptLease> {
  const taken = await client.swap(service, id, asked);
  const news = new SwapNews(say);
  news.tell(taken);
  const ending = new AbortController();
  const lost = Promise.withResolvers<string>();

  const renew = async (): Promise<void> => {
    const startedMs = performance.now();
    while (!ending.signal.aborted) {
      const isNew = performance.now() - startedMs < renewMs;
      await delay(isNew ? eagerMs : renewMs, undefined, { signal: ending.signal }).catch(() => undefined);
      if (ending.signal.aborted) return;
      try {
        const renewed = await client.swap(taken.service, id, { ...asked, yields: true }, patienceMs);
        news.tell(renewed, performance.now() - startedMs >= renewMs);
      } catch (error) {
        if (!(error instanceof AdminError)) throw error;
        if (ending.signal.aborted) return;
        if (error.status === 410) return lost.resolve(error.message);
        news.fail(error.message);
      }
    }
  };
  const renewing = renew().catch(lost.reject);

  return {
    lost: lost.promise,
    async giveBack() {
      ending.abort();
      // A renewal that is under way would take the service again.
      await renewing;
      return (await client.giveBack(taken.service, id, patienceMs)).sessions;
    },
  };
}

/** Tells each change of a swap once. */
class SwapNews {
  readonly #say: (line: string) => void;
  #takenAt: string | undefined;
  #told = '';

  constructor(say: (line: string) => void) {
    this.#say = say;
  }

  /** `isSettled`: whether a process that is there had the time to be found. */
  tell(standIn: ApiStandIn, isSettled = false): void {
    const { service, state, serves, text, advice, takenAt } = standIn;
    if (this.#takenAt !== undefined && this.#takenAt !== takenAt)
      this.#say(`the lease of ${printable(service)} had run out; it is taken again`);
    this.#takenAt = takenAt;
    const isSilent = serves && state !== 'ready';
    if (isSilent && !isSettled) return;
    const line = `${printable(service)} is ${printable(text, 400)}`;
    this.#once(isSilent ? `${line}. ${printable(advice, 400)}` : line);
  }

  fail(message: string): void {
    this.#once(`${printable(message, 400)}; trying again`);
  }

  #once(line: string): void {
    if (line === this.#told) return;
    this.#told = line;
    this.#say(line);
  }
}
