/**
 * Decides when a client's first bytes are worth another peek, since each peek reads all of them again. The first few
 * peeks are prompt, and so is each one before which the bytes have grown by an eighth. The others are 20 ms apart, and
 * further apart the longer a client goes on dripping.
 */
const promptPeeks = 8;
const evenPeeks = 16;
export const pauseMs = 20;
const longestPauseMs = 250;

export class PeekPace {
  #peeks = 0;
  #slowPeeks = 0;
  #peekedLength = 0;
  #peekedAtMs = 0;

  get isPrompt(): boolean {
    return this.#peeks < promptPeeks;
  }

  isDue(length: number, nowMs: number): boolean {
    return this.isPrompt || this.#hasGrown(length) || nowMs - this.#peekedAtMs >= this.#pauseMs;
  }

  peeked(length: number, nowMs: number): void {
    this.#peeks += 1;
    if (!this.isPrompt && !this.#hasGrown(length)) this.#slowPeeks += 1;
    this.#peekedLength = length;
    this.#peekedAtMs = nowMs;
  }

  #hasGrown(length: number): boolean {
    return length * 8 >= this.#peekedLength * 9 && length > this.#peekedLength;
  }

  get #pauseMs(): number {
    return Math.min(longestPauseMs, pauseMs * 2 ** Math.max(0, this.#slowPeeks - evenPeeks));
  }
}
