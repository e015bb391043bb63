/**
 * A rebalance after a scale-up: chooses idle sessions to end, so that their clients reconnect and reach the new
 * upstream. The budget, how many sessions are too many, is computed once, so that a rebalance ends even if clients
 * don't return or return to the same upstream. Every worker does this for its own sessions; together they keep to the
 * pool's rate. Pure: the caller ends the sessions.
 */
export interface Sharer<S extends Idler> {
  readonly key: string;
  /** The weight that balancers use now: less than the full weight during a slow start. */
  readonly weight: number;
  readonly fullWeight: number;
  /** The upstream's sessions over all workers. */
  readonly active: number;
  readonly isFull: boolean;
  /** The upstream's sessions in this worker. */
  readonly occupants: Iterable<S> & { readonly size: number };
}

export interface Idler {
  /** How long the session has been idle, in milliseconds; 0 while bytes are on their way. */
  idleMs(nowMs: number): number;
}

/** The rate is slow enough that reconnecting clients are no storm, and fast enough to finish in minutes. */
const mostPerSecond = 10;
const mostPartPerSecond = 0.1;
/** A rebalance ends after ten minutes at most: a session that was not idle once in so long is in steady use. */
const lastsMs = 10 * 60_000;

export class Rebalance {
  readonly #budget: Map<string, number>;
  readonly #untilMs: number;
  #credit = 0;
  #isOver = false;

  constructor(sharers: readonly Sharer<Idler>[], nowMs: number) {
    this.#budget = excess(sharers);
    this.#untilMs = nowMs + lastsMs;
    this.#isOver = this.#budget.size === 0;
  }

  /** True when nothing is left to do; it never becomes false again. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Returns the sessions to end now, all idle for `idleMs` or longer; called once a second. */
  tick<S extends Idler>(sharers: readonly Sharer<S>[], idleMs: number, nowMs: number): readonly S[] {
    if (nowMs >= this.#untilMs || this.#budget.size === 0) this.#isOver = true;
    if (this.#isOver) return [];
    const total = sum(sharers.map(({ active }) => active));
    const mine = sum(sharers.map(({ occupants }) => occupants.size));
    const perSecond = ratePerSecond(total);
    const part = total > 0 ? (perSecond * mine) / total : 0;
    // Credit is not saved up: else, after a busy time, all workers would end sessions in the same second.
    this.#credit = Math.min(Math.max(1, part), this.#credit + part);
    let left = Math.min(Math.floor(this.#credit), roomAmong(sharers));
    const ending: S[] = [];
    for (const { sharer, over } of crowded(sharers, (one) => one.weight)) {
      const most = Math.min(left, this.#budget.get(sharer.key) ?? 0, over);
      const found = longestIdle(sharer.occupants, most, idleMs, nowMs);
      ending.push(...found);
      left -= found.length;
      this.#spend(sharer.key, found.length);
    }
    this.#credit -= ending.length;
    return ending;
  }

  #spend(key: string, count: number): void {
    const rest = (this.#budget.get(key) ?? 0) - count;
    if (rest > 0) this.#budget.set(key, rest);
    else this.#budget.delete(key);
  }
}

/** How many of this worker's sessions are too many, for each upstream that has too many. */
export function excess(sharers: readonly Sharer<Idler>[]): Map<string, number> {
  return new Map(crowded(sharers, (sharer) => sharer.fullWeight).map(({ sharer, over }) => [sharer.key, over]));
}

/** How many sessions may end in one second, over all workers. */
export function ratePerSecond(sessions: number): number {
  return Math.max(1, Math.min(mostPerSecond, Math.floor(sessions * mostPartPerSecond)));
}

/** The upstreams above their share, the most crowded first, with this worker's part of the excess. */
function crowded<T extends Sharer<Idler>>(
  sharers: readonly T[],
  weightOf: (sharer: T) => number,
): readonly { readonly sharer: T; readonly over: number }[] {
  const shareOf = shares(sharers, weightOf);
  return sharers
    .map((sharer) => {
      const { active, occupants } = sharer;
      const tooMany = Math.max(0, active - shareOf(sharer));
      return { sharer, over: tooMany === 0 ? 0 : Math.ceil((tooMany * occupants.size) / active) };
    })
    .filter(({ over }) => over > 0)
    .toSorted((one, other) => other.over - one.over);
}

/** How many more sessions the upstreams below their share can take. */
function roomAmong(sharers: readonly Sharer<Idler>[]): number {
  const shareOf = shares(sharers, (sharer) => sharer.weight);
  return sum(sharers.map((sharer) => (sharer.isFull ? 0 : Math.max(0, shareOf(sharer) - sharer.active))));
}

/** Computes each upstream's fair share of all sessions by weight, rounded up. */
function shares<T extends Sharer<Idler>>(
  sharers: readonly T[],
  weightOf: (sharer: T) => number,
): (sharer: T) => number {
  const total = sum(sharers.map(({ active }) => active));
  const weights = sum(sharers.map(weightOf));
  return (sharer) => Math.ceil((total * weightOf(sharer)) / weights);
}

function longestIdle<S extends Idler>(
  sessions: Iterable<S>,
  most: number,
  idleMs: number,
  nowMs: number,
): readonly S[] {
  if (most <= 0) return [];
  const idle: { readonly session: S; readonly forMs: number }[] = [];
  for (const session of sessions) {
    const forMs = session.idleMs(nowMs);
    if (forMs > 0 && forMs >= idleMs) idle.push({ session, forMs });
  }
  idle.sort((one, other) => other.forMs - one.forMs);
  return idle.slice(0, most).map(({ session }) => session);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}
