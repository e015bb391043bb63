import type { RowResult } from './report.ts';

/**
 * Draws the comparison as one SVG for light and dark themes: a row for each claim, in it a bar with name and figure for
 * each relay. Rates come first, then what is better when it is lower. Pure.
 */
const names: Readonly<Record<string, string>> = {
  'sealane/splice': 'Sealane',
  haproxy: 'HAProxy',
  nginx: 'nginx',
  'docker-proxy': 'docker-proxy',
};

type Figures = RowResult['figures'][number];

interface Claim {
  readonly title: string;
  readonly unit: string;
  readonly valueOf: (figures: Figures) => number;
}

const higher: Readonly<Record<string, Claim>> = {
  'bulk-1': { title: 'One large transfer', unit: 'GB per second', valueOf: ({ rate }) => rate },
  'bulk-4': { title: 'Four large transfers', unit: 'GB per second, together', valueOf: ({ rate }) => rate },
  'keep-alive': { title: 'Requests', unit: 'per second, 64 open connections', valueOf: ({ rate }) => rate },
  connections: { title: 'New connections', unit: 'per second, a request on each', valueOf: ({ rate }) => rate },
};

const lower: Readonly<Record<string, Claim>> = {
  latency: { title: 'Latency at 2,000 requests/s', unit: 'ms, 99th percentile', valueOf: p99Of },
  mix: { title: 'Latency beside a large transfer', unit: 'ms, 99th percentile, 1,000 requests/s', valueOf: p99Of },
};

function p99Of({ p99Ms }: Figures): number {
  return p99Ms ?? Number.NaN;
}

const width = 840;
const barsFrom = 390;
const barsTo = 745;
const pitch = 19;
const barHeight = 13;
const claimGap = 20;

const style = `.bg{fill:#fff}text{fill:#1f2328}.soft{fill:#59636e}.bar{fill:#c3c9d1}.own{fill:#0f7b6c}.line{stroke:#d1d9e0}
@media (prefers-color-scheme: dark){.bg{fill:#0d1117}text{fill:#f0f6fc}.soft{fill:#9198a1}.bar{fill:#4a525c}.own{fill:#2fb5a0}.line{stroke:#3d444d}}`;

export function toChart(results: readonly RowResult[], about: string): string {
  const parts: string[] = [];
  let y = 92;
  for (const [heading, claims] of [
    ['Higher is better', higher],
    ['Lower is better', lower],
  ] as const) {
    parts.push(text(24, y, heading, { weight: 600, size: 15 }));
    parts.push(`<line class="line" x1="24" x2="${width - 24}" y1="${y + 10}" y2="${y + 10}"/>`);
    y += 30;
    for (const result of results) {
      const claim = claims[result.row];
      if (claim === undefined) continue;
      parts.push(...drawClaim(claim, result, y));
      y += shown(result, claim).length * pitch + claimGap;
    }
    y += 14;
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${y}" font-family="system-ui, -apple-system, 'Segoe UI', sans-serif" role="img" aria-label="The speed of Sealane, HAProxy, nginx and docker-proxy beside one another">
<style>${style}</style>
<rect class="bg" width="${width}" height="${y}" rx="8"/>
${text(24, 32, 'Sealane beside HAProxy, nginx and docker-proxy', { weight: 600, size: 18 })}
${text(24, 53, `Medians of ${about}`, { size: 12, soft: true })}
${parts.join('\n')}
</svg>
`;
}

interface Bar {
  readonly peer: string;
  readonly value: number;
}

function shown({ figures }: RowResult, { valueOf }: Claim): Bar[] {
  return figures
    .map((one) => ({ peer: one.peer, value: valueOf(one) }))
    .filter(({ peer, value }) => names[peer] !== undefined && Number.isFinite(value));
}

function drawClaim(claim: Claim, result: RowResult, top: number): string[] {
  const bars = shown(result, claim);
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
      text(barsFrom - 8, y + 11, names[peer] ?? peer, { anchor: 'end', size: 13, weight: own ? 600 : 400 }),
      `<rect class="${own ? 'own' : 'bar'}" x="${barsFrom}" y="${y}" width="${length.toFixed(1)}" height="${barHeight}" rx="2"/>`,
      text(barsFrom + length + 7, y + 11, figure(value), { size: 13, weight: own ? 600 : 400 }),
    ].join('');
  });
  return [...title, ...drawn];
}

/** Three digits are more than two rounds of one relay agree in. */
function figure(value: number): string {
  return value.toLocaleString('en', { minimumSignificantDigits: 3, maximumSignificantDigits: 3 });
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
