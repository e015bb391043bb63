import { randomUUID } from 'node:crypto';
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
  /** Gives the service back until `resume`. Resolves also where Sealane does not answer: then the lease runs out. */
  pause(): Promise<void>;
  resume(): void;
}

const renewMs = 1_000;
/** In the first second it is seen whether Sealane reaches the process. */
const eagerMs = 100;
/** Less than the lease, so that one lost answer does not end it. */
const patienceMs = 2_000;

/** @throws AdminError where the swap is refused */
export async function keepLease(
  client: AdminClient,
  { service: named, asked }: { readonly service: string; readonly asked: ApiAskedSwap },
  say: (line: string) => void,
): Promise<KeptLease> {
  const first = randomUUID();
  const taken = await client.swap(named, first, asked);
  const { service } = taken;
  const news = new SwapNews(say);
  news.tell(taken);
  const lost = Promise.withResolvers<string>();

  const renew = async (id: string, { signal }: AbortController, isTaken: boolean): Promise<void> => {
    for (let isDue = !isTaken; !signal.aborted; isDue = false) {
      if (!isDue) await delay(news.isSettled ? renewMs : eagerMs, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      try {
        news.tell(await client.swap(service, id, { ...asked, yields: true }, patienceMs));
      } catch (error) {
        if (!(error instanceof AdminError)) throw error;
        if (signal.aborted) return;
        if (error.status === 410) return lost.resolve(error.message);
        news.fail(error.message);
      }
    }
  };
  const begin = (id: string, isTaken: boolean) => {
    const ending = new AbortController();
    return { id, ending, renewing: renew(id, ending, isTaken).catch(lost.reject) };
  };
  /** Undefined while the lease is paused. */
  let kept: ReturnType<typeof begin> | undefined = begin(first, true);
  const giveBack = async (): Promise<number> => {
    if (!kept) return 0;
    const { id, ending, renewing } = kept;
    kept = undefined;
    ending.abort();
    // A renewal that is under way would take the service again.
    await renewing;
    return (await client.giveBack(service, id, patienceMs)).sessions;
  };

  return {
    lost: lost.promise,
    giveBack,
    pause: () => giveBack().then(news.pause, news.pause),
    resume() {
      // An id that was given back takes nothing again.
      kept ??= begin(randomUUID(), false);
    },
  };
}

/** Tells each change of a swap once. */
class SwapNews {
  readonly #say: (line: string) => void;
  #takenAt: string | undefined;
  #settlesAtMs = 0;
  #isPaused = false;
  #told = '';

  constructor(say: (line: string) => void) {
    this.#say = say;
  }

  /** Whether a process that is there had the time to be found. */
  get isSettled(): boolean {
    return performance.now() >= this.#settlesAtMs;
  }

  readonly pause = (): void => {
    this.#isPaused = true;
  };

  tell(standIn: ApiStandIn): void {
    const { service, state, serves, text, advice, takenAt } = standIn;
    if (takenAt !== this.#takenAt) {
      if (this.#isPaused) this.#say(`${printable(service)} is taken again`);
      else if (this.#takenAt !== undefined)
        this.#say(`the lease of ${printable(service)} had run out; it is taken again`);
      this.#takenAt = takenAt;
      this.#isPaused = false;
      this.#told = '';
      this.#settlesAtMs = performance.now() + renewMs;
    }
    const isSilent = serves && state !== 'ready';
    if (isSilent && !this.isSettled) return;
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
