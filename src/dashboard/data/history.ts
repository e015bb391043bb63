/**
 * The history of the last few minutes of traffic, one tick a second: of all services together, and of each service that
 * had traffic. Derived from counters that only grow. Owns its memory; knows neither clock nor page.
 */
export interface ServiceFigures {
  readonly active: number;
  readonly held: number;
  readonly bytesUp: number;
  readonly bytesDown: number;
}

export interface Live {
  readonly active: number;
  readonly held: number;
  /** Bytes a second from clients to upstreams. */
  readonly up: number;
  /** Bytes a second from upstreams to clients. */
  readonly down: number;
}

export const idle: Live = { active: 0, held: 0, up: 0, down: 0 };

/** The columns of a chart; null draws a gap. */
export interface Columns {
  readonly seconds: readonly number[];
  readonly up: readonly (number | null)[];
  readonly down: readonly (number | null)[];
  readonly active: readonly (number | null)[];
}

export const historyTicks = 300;
export const historyMs = historyTicks * 1000;

/** A longer time without figures is drawn as a gap, not as a slope. */
const gapMs = 5_000;

const fields = 3;

export class History {
  /** Indexed by the tick modulo the ring's size; NaN is a gap. */
  readonly #seconds = new Float64Array(historyTicks);
  readonly #total = new Float32Array(historyTicks * fields);
  readonly #each = new Map<string, Float32Array>();
  #figures = new Map<string, ServiceFigures>();
  #live: ReadonlyMap<string, Live> = new Map();
  #ticks = 0;
  #atMs: number | undefined;

  /** The current figures. A service that is missing here is idle. */
  get live(): ReadonlyMap<string, Live> {
    return this.#live;
  }

  /** `changed`: the services whose figures differ from the last time. `fresh`: `changed` holds all services. */
  add(atMs: number, changed: ReadonlyMap<string, ServiceFigures>, fresh: boolean): void {
    const elapsedMs = this.#atMs === undefined ? 0 : atMs - this.#atMs;
    const gap = elapsedMs <= 0 || elapsedMs > gapMs;
    if (gap && this.#atMs !== undefined) this.#put(Number.NaN, new Map());
    const live = new Map<string, Live>();
    if (!fresh) {
      for (const [name, one] of this.#live) {
        if (one.active > 0 || one.held > 0) live.set(name, { active: one.active, held: one.held, up: 0, down: 0 });
      }
    }
    for (const [name, now] of changed) {
      const before = gap ? undefined : this.#figures.get(name);
      const rates = {
        up: perSecond('bytesUp', before, now, elapsedMs),
        down: perSecond('bytesDown', before, now, elapsedMs),
      };
      const one = { active: now.active, held: now.held, ...rates };
      if (one.active + one.held + one.up + one.down > 0) live.set(name, one);
      else live.delete(name);
    }
    if (fresh) for (const name of this.#each.keys()) if (!changed.has(name)) this.#each.delete(name);
    this.#figures = new Map([...(fresh ? [] : this.#figures), ...changed]);
    this.#live = live;
    this.#atMs = atMs;
    this.#put(atMs / 1000, live);
  }

  forget(names: Iterable<string>): void {
    const live = new Map(this.#live);
    for (const name of names) {
      this.#figures.delete(name);
      this.#each.delete(name);
      live.delete(name);
    }
    this.#live = live;
  }

  /** The history of one service, or of all together. */
  columns(name?: string): Columns {
    const ring = name === undefined ? this.#total : this.#each.get(name);
    const seconds: number[] = [];
    const columns: [(number | null)[], (number | null)[], (number | null)[]] = [[], [], []];
    for (let tick = Math.max(0, this.#ticks - historyTicks); tick < this.#ticks; tick++) {
      const at = tick % historyTicks;
      const second = this.#seconds[at] ?? Number.NaN;
      const gap = Number.isNaN(second);
      seconds.push(gap ? (seconds.at(-1) ?? 0) + 0.001 : second);
      for (const [field, column] of columns.entries()) {
        column.push(gap ? null : (ring?.[at * fields + field] ?? 0));
      }
    }
    const [up, down, active] = columns;
    return { seconds, up, down, active };
  }

  #put(second: number, live: ReadonlyMap<string, Live>): void {
    const at = this.#ticks % historyTicks;
    this.#ticks += 1;
    this.#seconds[at] = second;
    for (const ring of [this.#total, ...this.#each.values()]) ring.fill(0, at * fields, (at + 1) * fields);
    for (const [name, one] of live) {
      const ring = this.#each.get(name) ?? new Float32Array(historyTicks * fields);
      this.#each.set(name, ring);
      ring.set([one.up, one.down, one.active], at * fields);
      for (const [field, value] of [one.up, one.down, one.active].entries()) {
        this.#total[at * fields + field] = (this.#total[at * fields + field] ?? 0) + value;
      }
    }
  }
}

/** Undefined without an earlier value, or where the counters began anew: no rate is known then. */
function perSecond(
  field: 'bytesUp' | 'bytesDown',
  before: ServiceFigures | undefined,
  now: ServiceFigures,
  elapsedMs: number,
): number {
  if (!before || elapsedMs <= 0) return 0;
  return Math.max(0, ((now[field] - before[field]) * 1000) / elapsedMs);
}
