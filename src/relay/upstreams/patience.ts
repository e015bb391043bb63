/**
 * How long a dial to one upstream may stay unanswered before another one starts beside it (RFC 8305, 5): 150 ms, since
 * an upstream on this machine or a near one answers within a few, and a lost packet is repeated only after a second. An
 * upstream that is far away gets twice the time of its quickest answer, or each of its clients would be dialed for
 * twice.
 *
 * An overtaken dial is no failure. After several in a row without an answer the upstream is silent all the same, and
 * each of its clients waits for nothing.
 */
const leastMs = 150;
const overtakenIsSilent = 3;

export class Patience {
  #ms = leastMs;
  #quickestMs = Infinity;
  #overtaken = 0;

  get ms(): number {
    return this.#ms;
  }

  onAnswer(dialMs: number): void {
    this.#overtaken = 0;
    if (dialMs >= this.#quickestMs) return;
    this.#quickestMs = dialMs;
    this.#ms = Math.max(leastMs, 2 * dialMs);
  }

  /** A dial to another upstream was answered first. True when so many were in a row that the upstream is silent. */
  onOvertaken(): boolean {
    this.#overtaken += 1;
    return this.#overtaken % overtakenIsSilent === 0;
  }

  /** The control side has seen the upstream answer: if its dials were overtaken it is not silent but slow. */
  onProven(): void {
    if (this.#overtaken >= overtakenIsSilent) this.#ms *= 2;
    this.#overtaken = 0;
  }
}
