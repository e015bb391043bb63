import { describe, expect, it } from 'vitest';
import { toChart, toWords } from '../../../bench/relay/chart.ts';
import type { MeasuredCell } from '../../../bench/relay/recorded-run.ts';
import { median, summarize } from '../../../bench/relay/summary.ts';
import { toMarkdown } from '../../../bench/relay/table.ts';
import { about, cell } from './runs.ts';

/** The rates of Sealane, HAProxy and nginx, round by round. */
const rates = [
  [100, 50, 200],
  [300, 100, 100],
  [200, 400, 100],
];
const cells = rates.flatMap((ofRound, index) =>
  Object.keys(about.peers).map((peer, nth) => cell(peer, index + 1, { rate: ofRound[nth], cpu: 10 * (nth + 1) })),
);
const run = { about, cells };

/** The cells of the line that begins so. */
function line(markdown: string, heading: string, measure: string): string[] {
  const [, part = ''] = markdown.split(`## ${heading}\n`);
  const found = part.split('\n').find((one) => one.split('|')[2]?.trim() === measure) ?? '';
  return found
    .split('|')
    .slice(3, -1)
    .map((one) => one.trim());
}

describe('a summary', () => {
  it.each([
    [[], undefined],
    [[3], 3],
    [[4, 1, 3], 3],
    [[4, 1, 3, 2], 2.5],
  ])('of %j has the median %j', (values, middle) => {
    expect(median(values)).toBe(middle);
  });

  it('has the medians of the rounds, and the median and range of the ratios within them', () => {
    const [rate] = summarize(run);
    expect([...(rate?.medians ?? [])]).toEqual([
      ['sealane/splice', 200],
      ['haproxy', 100],
      ['nginx', 100],
    ]);
    expect(rate?.ratios.get('haproxy')).toEqual({ median: 2, low: 0.5, high: 3 });
    expect(rate?.ratios.get('nginx')).toEqual({ median: 2, low: 0.5, high: 3 });
  });

  it('takes no ratio in a round that one of the two peers lacks', () => {
    const without = cells.filter(({ peer, round }) => peer !== 'haproxy' || round !== 2);
    const [rate] = summarize({ about, cells: without });
    expect(rate?.ratios.get('haproxy')).toEqual({ median: 1.25, low: 0.5, high: 2 });
    expect(rate?.doubtful).toEqual(new Set(['haproxy']));
  });
});

describe('the table', () => {
  it('has a line for each measure, and is bold where Sealane is as good', () => {
    const markdown = toMarkdown(run);
    expect(line(markdown, 'Sealane ÷ each', 'requests/s')).toEqual(['**2.00** (0.50–3.00)', '**2.00** (0.50–3.00)']);
    expect(line(markdown, 'Sealane ÷ each', 'CPU, ms/1000 requests')).toEqual(['**0.50**', '**0.33**']);
    expect(line(markdown, 'Medians', 'requests/s')).toEqual(['200', '100', '100']);
    const slow = cells.map((one) => (one.peer === 'haproxy' ? { ...one, cpu: 5 } : one));
    expect(line(toMarkdown({ about, cells: slow }), 'Sealane ÷ each', 'CPU, ms/1000 requests')[0]).toBe('2.00');
  });

  it('marks a peer of which a round was noisy, and says how noisy the run was', () => {
    const noisy = cells.map((one, index) => (index === 1 ? { ...one, others: 0.24, tries: 3 } : one));
    const markdown = toMarkdown({ about, cells: noisy });
    expect(line(markdown, 'Sealane ÷ each', 'requests/s')).toEqual([
      '**2.00** (0.50–3.00) \\*',
      '**2.00** (0.50–3.00)',
    ]);
    expect(line(markdown, 'Medians', 'requests/s')).toEqual(['200', '100 \\*', '100']);
    expect(markdown).toMatch(/up to 24 %.* 1 of 9 cells .* 1 remained noisy/s);
  });

  it('names commit, machine, the versions of the peers, and what the run notes', () => {
    expect(toMarkdown({ about: { ...about, note: 'A quiet machine.' }, cells })).toMatch(
      /commit 0123456, 2026-11-30, AMD EPYC\.\nA quiet machine\.\n\n- Sealane 0123456\n- HAProxy 2\.6\.12\n/,
    );
  });
});

describe('the chart', () => {
  it('has a bar for each relay, also in words', () => {
    expect(toChart(run).match(/<rect class="(bar|own)"/g)).toHaveLength(3);
    expect(toChart(run)).toContain('Sealane beside HAProxy and nginx');
    const words = 'Sealane, HAProxy and nginx. Requests a second: 200, 100 and 100';
    expect(toWords(run)).toBe(words);
    // Rounds begin with one peer or another.
    expect(toWords({ about, cells: cells.toReversed() })).toBe(words);
  });

  it('is whole where a relay was not measured, and a name is markup', () => {
    const only: readonly MeasuredCell[] = cells.filter(({ peer }) => peer === 'haproxy');
    const chart = toChart({ about: { ...about, kernel: '<script>&' }, cells: only });
    expect(chart).toContain('&lt;script>&amp;');
    expect(chart).not.toContain('NaN');
  });
});
