import { noisyShare } from './load.ts';
import { measures, type Measure, type MeasuredCell, type RecordedRun } from './recorded-run.ts';

/**
 * What a run says: medians of the rounds, and ratios of two peers, which are taken within each round, so that other work
 * on the machine affects both alike. Pure.
 */
export interface RatioOfPeers {
  readonly median: number;
  readonly low: number;
  readonly high: number;
}

export interface SummarizedRow {
  readonly row: string;
  readonly measure: Measure;
  /** By peer, without those that lack this measure. */
  readonly medians: ReadonlyMap<string, number>;
  /** The first peer's value divided by each other's. */
  readonly ratios: ReadonlyMap<string, RatioOfPeers>;
  /** The peers of which a round is noisy or missing. */
  readonly doubtful: ReadonlySet<string>;
}

export function summarize({ about, cells }: RecordedRun): SummarizedRow[] {
  const [first = '', ...others] = Object.keys(about.peers);
  return [...Map.groupBy(cells, ({ row }) => row)].flatMap(([row, ofRow]) => {
    const byPeer = Map.groupBy(ofRow, ({ peer }) => peer);
    const doubtful = new Set(
      [...byPeer].filter(([, own]) => own.length < about.rounds || own.some(isNoisy)).map(([peer]) => peer),
    );
    return measures
      .filter((measure) => ofRow.some((cell) => cell[measure] !== undefined))
      .map((measure) => {
        const own = valuesOf(byPeer.get(first), measure);
        // In the order of the peers: the cells begin with one or another.
        const medians = [first, ...others].map(
          (peer) => [peer, median([...valuesOf(byPeer.get(peer), measure).values()])] as const,
        );
        const ratios = others.map((peer) => [peer, ratioOf(own, valuesOf(byPeer.get(peer), measure))] as const);
        return {
          ...{ row, measure, doubtful },
          medians: new Map(medians.filter(isKnown)),
          ratios: new Map(ratios.filter(isKnown)),
        };
      });
  });
}

/** Whether others used more of the machine than they may, also when the cell was measured again. */
export function isNoisy({ others }: MeasuredCell): boolean {
  return others > noisyShare;
}

/** The median; undefined without values. */
export function median(values: readonly number[]): number | undefined {
  const sorted = values.toSorted((a, b) => a - b);
  const [low, high] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]];
  return low === undefined || high === undefined ? undefined : (low + high) / 2;
}

/** By round. */
function valuesOf(cells: readonly MeasuredCell[] = [], measure: Measure): Map<number, number> {
  return new Map(cells.map((cell) => [cell.round, cell[measure]] as const).filter(isKnown));
}

function ratioOf(own: ReadonlyMap<number, number>, theirs: ReadonlyMap<number, number>): RatioOfPeers | undefined {
  const ratios = [...own].flatMap(([round, value]) => {
    const other = theirs.get(round) ?? 0;
    return other > 0 ? [value / other] : [];
  });
  const middle = median(ratios);
  return middle === undefined ? undefined : { median: middle, low: Math.min(...ratios), high: Math.max(...ratios) };
}

function isKnown<K, V>(entry: readonly [K, V | undefined]): entry is readonly [K, V] {
  return entry[1] !== undefined;
}
