import type { CounterDeclaration } from './counter-table.ts';

/**
 * The memory of one scope of counters. Every relay thread has a cell for each counter in each row, and is the only one
 * that writes it, so nothing is lost or locked; readers sum over the threads. Gauges are read by all threads to decide
 * what may begin, hence Atomics; counters are plain doubles: aligned 8-byte stores do not tear on the 64-bit machines
 * Node runs on.
 *
 *   counters  Float64[row][thread][counter]      gauges  Int32[row][thread][gauge]
 */
export interface CellMemory {
  readonly counters: SharedArrayBuffer;
  readonly gauges: SharedArrayBuffer;
  readonly rows: number;
  readonly threads: number;
}

type Declared = Readonly<Record<string, CounterDeclaration>>;
type Kind = CounterDeclaration['kind'];
type NamesOf<Counters extends Declared, K extends Kind> = {
  [Name in keyof Counters]: Counters[Name]['kind'] extends K ? Name : never;
}[keyof Counters];

declare const scope: unique symbol;
/** The place of one counter among those of its kind and scope: a constant, so that no name is looked up to count. */
type CellIndex<Name, K extends Kind> = number & { readonly [scope]: readonly [Name, K] };
export type CounterIndex<Name> = CellIndex<Name, 'counter'>;
export type GaugeIndex<Name> = CellIndex<Name, 'gauge'>;
type Indices<Counters extends Declared, K extends Kind> = Readonly<
  Record<NamesOf<Counters, K>, CellIndex<keyof Counters, K>>
>;
export type Totals<Counters> = Readonly<Record<keyof Counters, number>>;

export function indicesOf<Counters extends Declared, K extends Kind>(
  declared: Counters,
  kind: K,
): Indices<Counters, K> {
  const names = Object.keys(declared).filter((name) => declared[name]?.kind === kind);
  return Object.fromEntries(names.map((name, index) => [name, index])) as Indices<Counters, K>;
}

/** Pages are zero until they are used and cost no memory before (mmap(2)), so rows may be many. */
export function createCellMemory(declared: Declared, rows: number, threads: number): CellMemory {
  const width = (kind: Kind): number => Object.keys(indicesOf(declared, kind)).length;
  return {
    counters: new SharedArrayBuffer(rows * threads * width('counter') * 8),
    gauges: new SharedArrayBuffer(rows * threads * width('gauge') * 4),
    rows,
    threads,
  };
}

export class CounterCells<Counters extends Declared> {
  readonly #rows: number;
  readonly #threads: number;
  readonly #counters: Float64Array;
  readonly #gauges: Int32Array;
  readonly #counterNames: readonly (keyof Counters)[];
  readonly #gaugeNames: readonly (keyof Counters)[];
  readonly #counterCount: number;
  readonly #gaugeCount: number;
  readonly #zeros: Totals<Counters>;

  constructor(declared: Counters, { counters, gauges, rows, threads }: CellMemory) {
    this.#rows = rows;
    this.#threads = threads;
    this.#counters = new Float64Array(counters);
    this.#gauges = new Int32Array(gauges);
    this.#counterNames = Object.keys(indicesOf(declared, 'counter'));
    this.#gaugeNames = Object.keys(indicesOf(declared, 'gauge'));
    this.#counterCount = this.#counterNames.length;
    this.#gaugeCount = this.#gaugeNames.length;
    this.#zeros = zerosOf(declared);
  }

  /** The writer of one thread. Only that thread may use it, or the control thread once that thread has died. */
  writer(thread: number): CellWriter<Counters> {
    const [counterCount, gaugeCount] = [this.#counterCount, this.#gaugeCount];
    return new CellWriter(
      { cells: this.#counters, stride: this.#threads * counterCount, first: thread * counterCount },
      { cells: this.#gauges, stride: this.#threads * gaugeCount, first: thread * gaugeCount },
    );
  }

  /** The value of one thread. */
  read(row: number, thread: number, counter: CounterIndex<keyof Counters>): number {
    return this.#counters[(row * this.#threads + thread) * this.#counterCount + counter] ?? 0;
  }

  /** The sum over all threads. */
  gauge(row: number, gauge: GaugeIndex<keyof Counters>): number {
    const first = row * this.#threads * this.#gaugeCount + gauge;
    const end = (row + 1) * this.#threads * this.#gaugeCount;
    let sum = 0;
    for (let at = first; at < end; at += this.#gaugeCount) sum += Atomics.load(this.#gauges, at);
    return sum;
  }

  /** The sum over all rows and threads; for display, so that no cell need be read atomically. */
  gaugeOfAll(gauge: GaugeIndex<keyof Counters>): number {
    let sum = 0;
    for (let at: number = gauge; at < this.#gauges.length; at += this.#gaugeCount) sum += this.#gauges[at] ?? 0;
    return sum;
  }

  /** All counters of one row, summed over all threads or those from `first` to `last`. */
  totals(row: number, first = 0, last = this.#threads - 1): Totals<Counters> {
    const totals: Record<keyof Counters, number> = { ...this.#zeros };
    this.#addUp(totals, this.#counterNames, this.#counters, row * this.#threads + first, row * this.#threads + last);
    this.#addUp(totals, this.#gaugeNames, this.#gauges, row * this.#threads + first, row * this.#threads + last);
    return totals;
  }

  /** Clears a row before it gets another owner, which no thread knows yet. */
  clearRow(row: number): void {
    const width = this.#threads * this.#counterCount;
    this.#counters.fill(0, row * width, (row + 1) * width);
  }

  /** Clears the gauges of a thread that has died; its counters stay. */
  clearGauges(thread: number): void {
    for (let row = 0; row < this.#rows; row++) {
      const first = (row * this.#threads + thread) * this.#gaugeCount;
      for (let at = first; at < first + this.#gaugeCount; at++) Atomics.store(this.#gauges, at, 0);
    }
  }

  #addUp(
    totals: Record<keyof Counters, number>,
    names: readonly (keyof Counters)[],
    cells: Float64Array | Int32Array,
    firstBlock: number,
    lastBlock: number,
  ): void {
    const width = names.length;
    for (let index = 0; index < width; index++) {
      let sum = 0;
      for (let block = firstBlock; block <= lastBlock; block++) sum += cells[block * width + index] ?? 0;
      totals[names[index] as keyof Counters] = sum;
    }
  }
}

interface ThreadCells<Cells> {
  readonly cells: Cells;
  /** The number of cells from one row to the next. */
  readonly stride: number;
  /** The thread's first cell in row 0. */
  readonly first: number;
}

/** The cells of one thread. Counting costs one addition at a computed index. */
export class CellWriter<Counters extends Declared> {
  readonly #counters: Float64Array;
  readonly #counterStride: number;
  readonly #firstCounter: number;
  readonly #gauges: Int32Array;
  readonly #gaugeStride: number;
  readonly #firstGauge: number;

  constructor(counters: ThreadCells<Float64Array>, gauges: ThreadCells<Int32Array>) {
    this.#counters = counters.cells;
    this.#counterStride = counters.stride;
    this.#firstCounter = counters.first;
    this.#gauges = gauges.cells;
    this.#gaugeStride = gauges.stride;
    this.#firstGauge = gauges.first;
  }

  add(row: number, counter: CounterIndex<keyof Counters>, by: number): void {
    const at = row * this.#counterStride + this.#firstCounter + counter;
    this.#counters[at] = (this.#counters[at] ?? 0) + by;
  }

  addGauge(row: number, gauge: GaugeIndex<keyof Counters>, by: number): void {
    Atomics.add(this.#gauges, row * this.#gaugeStride + this.#firstGauge + gauge, by);
  }
}

export function zerosOf<Counters extends Declared>(declared: Counters): Totals<Counters> {
  return Object.fromEntries(Object.keys(declared).map((name) => [name, 0])) as Totals<Counters>;
}

/** The sum of two such totals. */
export function addTotals<Counters extends Declared>(
  declared: Counters,
): (a: Totals<Counters>, b: Totals<Counters>) => Totals<Counters> {
  const zeros = zerosOf(declared);
  const names: readonly (keyof Counters)[] = Object.keys(declared);
  return (a, b) => {
    const sum: Record<keyof Counters, number> = { ...zeros };
    for (const name of names) sum[name] = a[name] + b[name];
    return sum;
  };
}
