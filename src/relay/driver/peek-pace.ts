/**
 * When a client's first bytes are worth another look, each of which reads all of them again. At once for the first few
 * and wherever they have grown by an eighth; otherwise 20 ms apart, and for one that goes on dripping ever further.
 */
const promptLooks = 8;
const evenLooks = 16;
export const pauseMs = 20;
const longestPauseMs = 250;

export class LookPace {
  #looks = 0;
  #slowLooks = 0;
  #seen = 0;
  #lookedAtMs = 0;

  get isPrompt(): boolean {
    return this.#looks < promptLooks;
  }

  isDue(length: number, nowMs: number): boolean {
    return this.isPrompt || this.#hasGrown(length) || nowMs - this.#lookedAtMs >= this.#pauseMs;
  }

  looked(length: number, nowMs: number): void {
    this.#looks += 1;
    if (!this.isPrompt && !this.#hasGrown(length)) this.#slowLooks += 1;
    this.#seen = length;
    this.#lookedAtMs = nowMs;
  }

  #hasGrown(length: number): boolean {
    return length * 8 >= this.#seen * 9 && length > this.#seen;
  }

  get #pauseMs(): number {
    return Math.min(longestPauseMs, pauseMs * 2 ** Math.max(0, this.#slowLooks - evenLooks));
  }
}
