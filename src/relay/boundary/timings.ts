/**
 * Timings in memory that all threads share: the dials of each upstream as a histogram of fixed buckets, and how late
 * each relay thread's event loop runs. As with the counters, every cell has one writer.
 *
 *   dials  Uint32[slot][worker][bucket]      lag  Float64[worker]
 *
 * Pages are zero until used and use no memory before (mmap(2)); one dial costs one addition.
 */
/**
 * The buckets' upper bounds in milliseconds, from loopback to a lost SYN and its second retry; one more bucket counts
 * slower dials.
 */
export const dialBucketsMs = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000] as const;
const width = dialBucketsMs.length + 1;

/** The counts by bucket; the last one counts the dials that were slower than all bounds. */
export type Histogram = readonly number[];
export const emptyHistogram: Histogram = Array.from({ length: width }, () => 0);

export interface TimingMemory {
  readonly buffer: SharedArrayBuffer;
  readonly workers: number;
}

export function createTimingMemory(workers: number, slots: number): TimingMemory {
  return { buffer: new SharedArrayBuffer(workers * 8 + slots * workers * width * 4), workers };
}

/** A view for any thread; only worker threads call `record` and `setLag`, each with its own number. */
export class Timings {
  readonly #workers: number;
  readonly #lag: Float64Array;
  readonly #dials: Uint32Array;

  constructor({ buffer, workers }: TimingMemory) {
    this.#workers = workers;
    this.#lag = new Float64Array(buffer, 0, workers);
    this.#dials = new Uint32Array(buffer, workers * 8);
  }

  record(slot: number, worker: number, dialMs: number): void {
    const at = (slot * this.#workers + worker) * width + bucketOf(dialMs);
    this.#dials[at] = (this.#dials[at] ?? 0) + 1;
  }

  dialsOf(slot: number): Histogram {
    const counts = [...emptyHistogram];
    const from = slot * this.#workers * width;
    for (let at = 0; at < this.#workers * width; at++)
      counts[at % width] = (counts[at % width] ?? 0) + (this.#dials[from + at] ?? 0);
    return counts;
  }

  /** Clears a slot, before it gets another owner. */
  clearSlot(slot: number): void {
    this.#dials.fill(0, slot * this.#workers * width, (slot + 1) * this.#workers * width);
  }

  setLag(worker: number, lagMs: number): void {
    this.#lag[worker] = lagMs;
  }

  /** How late a timer of this worker fired lately, in milliseconds. */
  lagOf(worker: number): number {
    return this.#lag[worker] ?? 0;
  }
}

export function addHistograms(a: Histogram, b: Histogram): Histogram {
  return a.map((count, bucket) => count + (b[bucket] ?? 0));
}

export function countOf(histogram: Histogram): number {
  return histogram.reduce((sum, count) => sum + count, 0);
}

/**
 * The value below which a share `quantile` (0 to 1) lies, in milliseconds, as far as the buckets tell: values count as
 * evenly spread within a bucket, as in Prometheus' histogram_quantile. Undefined when nothing was counted.
 */
export function quantileOf(histogram: Histogram, quantile: number): number | undefined {
  const total = countOf(histogram);
  if (total === 0) return undefined;
  const rank = quantile * total;
  let below = 0;
  for (const [bucket, count] of histogram.entries()) {
    const upper = dialBucketsMs[bucket];
    const lower = dialBucketsMs[bucket - 1] ?? 0;
    if (upper === undefined) return lower;
    if (below + count >= rank && count > 0) return lower + ((upper - lower) * (rank - below)) / count;
    below += count;
  }
  return dialBucketsMs.at(-1);
}

function bucketOf(dialMs: number): number {
  let bucket = 0;
  while (bucket < dialBucketsMs.length && dialMs > (dialBucketsMs[bucket] ?? 0)) bucket++;
  return bucket;
}
