import { cellLine, runLine, type AboutRun, type MeasuredCell } from '../../../bench/relay/recorded-run.ts';

/** Builders of what the relay's benchmark stores. */
export const about: AboutRun = {
  ...{ date: '2026-11-30T20:00:00.000Z', commit: '0123456789abcdef', dirty: false, node: '26.10.0', kernel: '6.18.44' },
  ...{ cpu: 'AMD EPYC', cores: 2, arch: 'x64', rounds: 3, seconds: 3, workers: 1 },
  peers: { 'sealane/splice': '0123456', haproxy: '2.6.12', nginx: '1.22.1' },
};

export function cell(peer: string, round: number, more: Partial<MeasuredCell> = {}): MeasuredCell {
  return { row: 'keep-alive', peer, round, others: 0.01, tries: 1, ...more };
}

export function stored(cells: readonly MeasuredCell[], run = about): string {
  return runLine(run) + cells.map(cellLine).join('');
}
