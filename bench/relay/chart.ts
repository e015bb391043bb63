import { titleOf } from './peers.ts';
import { describeRun, type Measure, type RecordedRun } from './recorded-run.ts';
import { summarize, type SummarizedRow } from './summary.ts';
import { digits } from './table.ts';

/**
 * Draws the comparison as one SVG for light and dark themes: a row for each claim, in it a bar with name and figure for
 * each relay. Rates come first, then what is better when it is lower. Says the same in words, too. Pure.
 */
interface Claim {
  readonly row: string;
  readonly measure: Measure;
  readonly title: string;
  readonly unit: string;
  /** Around the figures in words. */
  readonly words: readonly [before: string, after: string];
}

const higher: readonly Claim[] = [
  {
    ...{ row: 'bulk-1', measure: 'rate', title: 'One large transfer', unit: 'GB per second' },
    words: ['One large transfer:', 'GB/s'],
  },
  {
    ...{ row: 'bulk-4', measure: 'rate', title: 'Four large transfers', unit: 'GB per second, together' },
    words: ['Four:', ''],
  },
  {
    ...{ row: 'keep-alive', measure: 'rate', title: 'Requests', unit: 'per second, 64 open connections' },
    words: ['Requests a second:', ''],
  },
  {
    ...{ row: 'connections', measure: 'rate', title: 'New connections', unit: 'per second, a request on each' },
    words: ['New connections a second:', ''],
  },
];

const lower: readonly Claim[] = [
  {
    ...{ row: 'latency', measure: 'p99Ms', title: 'Latency at 2,000 requests/s', unit: 'ms, 99th percentile' },
    words: ['99th percentile at 2,000 requests a second:', 'ms'],
  },
  {
    ...{ row: 'mix', measure: 'p99Ms', title: 'Latency beside a large transfer' },
    unit: 'ms, 99th percentile, 1,000 requests/s',
    words: ['99th percentile beside a large transfer:', 'ms'],
  },
];

/** Other than relays that people run. */
const unshown = new Set(['direct', 'sealane/stream', 'before/splice']);

const width = 840;
const barsFrom = 390;
const barsTo = 745;
const pitch = 19;
const barHeight = 13;
const claimGap = 20;

const style = `.bg{fill:#fff}text{fill:#1f2328}.soft{fill:#59636e}.bar{fill:#c3c9d1}.own{fill:#0f7b6c}.line{stroke:#d1d9e0}
@media (prefers-color-scheme: dark){.bg{fill:#0d1117}text{fill:#f0f6fc}.soft{fill:#9198a1}.bar{fill:#4a525c}.own{fill:#2fb5a0}.line{stroke:#3d444d}}`;

export function toChart(run: RecordedRun): string {
  const summary = summarize(run);
  const parts: string[] = [];
  let y = 92;
  for (const [heading, claims] of [
    ['Higher is better', higher],
    ['Lower is better', lower],
  ] as const) {
    parts.push(text(24, y, heading, { weight: 600, size: 15 }));
    parts.push(`<line class="line" x1="24" x2="${width - 24}" y1="${y + 10}" y2="${y + 10}"/>`);
    y += 30;
    for (const claim of claims) {
      const bars = barsOf(claim, summary);
      if (bars.length === 0) continue;
      parts.push(...drawClaim(claim, bars, y));
      y += Math.max(2, bars.length) * pitch + claimGap;
    }
    y += 14;
  }
  const [first = '', ...others] = shownPeers(run);
  const title = `${first} beside ${list(others)}`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${y}" font-family="system-ui, -apple-system, 'Segoe UI', sans-serif" role="img" aria-label="${title}">
<style>${style}</style>
<rect class="bg" width="${width}" height="${y}" rx="8"/>
${text(24, 32, title, { weight: 600, size: 18 })}
${text(24, 53, `Medians of ${describeRun(run.about)}`, { size: 12, soft: true })}
${parts.join('\n')}
</svg>
`;
}

/** The chart for readers who can't see it. */
export function toWords(run: RecordedRun): string {
  const summary = summarize(run);
  const claims = [...higher, ...lower].flatMap((claim) => {
    const bars = barsOf(claim, summary);
    const [before, after] = claim.words;
    const figures = list(bars.map(({ value }) => digits(value)));
    return bars.length === 0 ? [] : [`${before} ${figures} ${after}`.trimEnd()];
  });
  return [list(shownPeers(run)), ...claims].join('. ');
}

function shownPeers({ about }: RecordedRun): string[] {
  return Object.keys(about.peers)
    .filter((peer) => !unshown.has(peer))
    .map(titleOf);
}

function list(words: readonly string[]): string {
  return new Intl.ListFormat('en-GB').format(words);
}

interface Bar {
  readonly peer: string;
  readonly value: number;
}

function barsOf({ row, measure }: Claim, summary: readonly SummarizedRow[]): Bar[] {
  const medians =
    summary.find((one) => one.row === row && one.measure === measure)?.medians ?? new Map<string, number>();
  return [...medians].flatMap(([peer, value]) => (unshown.has(peer) ? [] : [{ peer, value }]));
}

function drawClaim(claim: Claim, bars: readonly Bar[], top: number): string[] {
  const most = Math.max(...bars.map(({ value }) => value));
  const title = [
    text(24, top + 11, claim.title, { weight: 600 }),
    text(24, top + 28, claim.unit, { size: 12, soft: true }),
  ];
  const drawn = bars.map(({ peer, value }, index) => {
    const y = top + index * pitch;
    const length = (value / most) * (barsTo - barsFrom);
    const own = peer === 'sealane/splice';
    return [
      text(barsFrom - 8, y + 11, titleOf(peer), { anchor: 'end', size: 13, weight: own ? 600 : 400 }),
      `<rect class="${own ? 'own' : 'bar'}" x="${barsFrom}" y="${y}" width="${length.toFixed(1)}" height="${barHeight}" rx="2"/>`,
      text(barsFrom + length + 7, y + 11, digits(value), { size: 13, weight: own ? 600 : 400 }),
    ].join('');
  });
  return [...title, ...drawn];
}

interface TextStyle {
  readonly anchor?: 'start' | 'end';
  readonly size?: number;
  readonly weight?: number;
  readonly soft?: boolean;
}

function text(x: number, y: number, content: string, look: TextStyle = {}): string {
  const { anchor = 'start', size = 14, weight = 400, soft = false } = look;
  const safe = content.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  const face = soft ? ' class="soft"' : '';
  return `<text${face} x="${x.toFixed(1)}" y="${y.toFixed(1)}" font-size="${size}" font-weight="${weight}" text-anchor="${anchor}">${safe}</text>`;
}
