import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { ApiAskedSwap, ApiStandIn } from '../../admin/stand-ins/schema.ts';
import { messageOf } from '../../text/message-of.ts';
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
  /** Gives the service back. Without an answer of Sealane the lease runs out. */
  giveBack(): Promise<GivenBack>;
  /** Gives the service back until `resume`. */
  pause(): Promise<void>;
  resume(): void;
}

export interface GivenBack {
  /** Those that the process has at that moment. */
  readonly sessions: number;
  /** What became of the service, for people. */
  readonly text: string;
}

const renewMs = 1_000;
/** In the first second it is seen whether Sealane reaches the process. */
const eagerMs = 100;
/** Less than the lease, so that one lost answer does not end it. */
const patienceMs = 2_000;
/** After so long the lease has run out. */
const giveBackPatienceMs = 5_000;

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
  const isBack: GivenBack = { sessions: 0, text: `${printable(service)} is given back` };

  const renew = async (id: string, { signal }: AbortController, isTaken: boolean): Promise<void> => {
    for (let isDue = !isTaken; !signal.aborted; isDue = false) {
      if (!isDue) await delay(news.isSettled ? renewMs : eagerMs, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      const sentMs = performance.now();
      try {
        news.tell(await client.swap(service, id, { ...asked, yields: true }, patienceMs));
      } catch (error) {
        if (!(error instanceof AdminError)) throw error;
        if (signal.aborted) return;
        if (error.status === 410) {
          state = { kind: 'over', back: Promise.resolve(isBack) };
          return lost.resolve(error.message);
        }
        // A process that was stopped with a renewal under way finds its patience over, whatever Sealane has answered.
        if (performance.now() - sentMs < 2 * patienceMs) news.fail(error.message);
      }
    }
  };
  const begin = (id: string, isTaken: boolean): State => {
    const ending = new AbortController();
    return { kind: 'held', id, ending, renewing: renew(id, ending, isTaken).catch(lost.reject) };
  };
  const end = async ({ id, ending, renewing }: Extract<State, { kind: 'held' }>): Promise<GivenBack> => {
    ending.abort();
    // A renewal that is under way would take the service again.
    await renewing;
    try {
      return { ...isBack, sessions: (await client.giveBack(service, id, giveBackPatienceMs)).sessions };
    } catch (error) {
      // There is no such lease any more.
      if (error instanceof AdminError && error.status === 404) return isBack;
      return { sessions: 0, text: `${printable(service)} comes back when its lease runs out: ${messageOf(error)}` };
    }
  };
  let state: State = begin(first, true);

  return {
    lost: lost.promise,
    giveBack() {
      if (state.kind !== 'over')
        state = { kind: 'over', back: state.kind === 'held' ? end(state) : Promise.resolve(isBack) };
      return state.back;
    },
    async pause() {
      if (state.kind !== 'held') return;
      const held = state;
      state = { kind: 'paused' };
      news.pause();
      await end(held);
    },
    resume() {
      // An id that was given back takes nothing again.
      if (state.kind === 'paused') state = begin(randomUUID(), false);
    },
  };
}

type State =
  | { readonly kind: 'held'; readonly id: string; readonly ending: AbortController; readonly renewing: Promise<void> }
  | { readonly kind: 'paused' }
  | { readonly kind: 'over'; readonly back: Promise<GivenBack> };

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

  pause(): void {
    this.#isPaused = true;
  }

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
