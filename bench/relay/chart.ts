import { reference, type RowResult } from './report.ts';

/**
 * Draws the ratios as one SVG for light and dark themes: a bar for each peer in each row, the reference at 1. Pure.
 */
const colours: Readonly<Record<string, string>> = {
  'sealane/splice': '#0f7b6c',
  'sealane/stream': '#74c0b4',
  haproxy: '#8a8f98',
  nginx: '#b7a57a',
  'docker-proxy': '#c98a8a',
};
const width = 820;
const labelWidth = 310;
const barHeight = 13;
const rowGap = 16;
const most = 2.5;

export function toChart(results: readonly RowResult[], subtitle: string): string {
  const scale = (width - labelWidth - 60) / most;
  const parts: string[] = [];
  let y = 64;
  for (const { title, figures } of results) {
    const shown = figures.filter(({ peer, ratio }) => ratio && colours[peer] !== undefined);
    parts.push(text(labelWidth - 10, y + (shown.length * barHeight) / 2 + 4, title, 'end'));
    for (const { peer, ratio } of shown) {
      if (!ratio) continue;
      const length = Math.min(ratio.median, most) * scale;
      parts.push(
        `<rect x="${labelWidth}" y="${y}" width="${length.toFixed(1)}" height="${barHeight - 2}" fill="${colours[peer]}"/>`,
        text(labelWidth + length + 4, y + 9, ratio.median.toFixed(2), 'start', 9),
      );
      y += barHeight;
    }
    y += rowGap;
  }
  const one = labelWidth + scale;
  const legend = Object.entries(colours).map(([peer, colour], index) => {
    const x = labelWidth + index * 100;
    return `<rect x="${x}" y="${y}" width="10" height="10" fill="${colour}"/>${text(x + 14, y + 9, peer, 'start', 10)}`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${y + 24}" font-family="system-ui, sans-serif" role="img" aria-label="Sealane and its peers, relative to ${reference}">
<style>text{fill:#24292f}.line{stroke:#24292f}@media (prefers-color-scheme: dark){text{fill:#d7dde3}.line{stroke:#d7dde3}}</style>
${text(16, 24, `Relative to ${reference} (longer is better)`, 'start', 15)}
${text(16, 42, subtitle, 'start', 10)}
<line class="line" x1="${one}" x2="${one}" y1="56" y2="${y - 6}" stroke-dasharray="3 3" stroke-opacity="0.6"/>
${[...parts, ...legend].join('\n')}
</svg>
`;
}

function text(x: number, y: number, content: string, anchor: 'start' | 'end', size = 11): string {
  const safe = content.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" font-size="${size}" text-anchor="${anchor}">${safe}</text>`;
}
