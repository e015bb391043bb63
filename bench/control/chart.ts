/**
 * Draws how the control side's cost grows with the number of containers: one panel for each figure, with logarithmic
 * axes, so that a proportional cost is a straight rising line and a constant cost is level. Pure.
 */
export interface Panel {
  readonly title: string;
  readonly points: readonly { readonly containers: number; readonly value: number }[];
}

const panel = { width: 235, height: 190, left: 44, bottom: 28, top: 34 } as const;
const teal = '#0f7b6c';

export function toChart(panels: readonly Panel[], title: string): string {
  const width = panels.length * panel.width + 16;
  const drawn = panels.map((one, index) => `<g transform="translate(${index * panel.width},40)">${draw(one)}</g>`);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${panel.height + 48}" font-family="system-ui, sans-serif" role="img" aria-label="${title}">
<style>text{fill:#24292f}.axis{stroke:#24292f}@media (prefers-color-scheme: dark){text{fill:#d7dde3}.axis{stroke:#d7dde3}}</style>
<text x="16" y="24" font-size="15">${title}</text>
${drawn.join('\n')}
</svg>
`;
}

function draw({ title, points }: Panel): string {
  const x = scale(
    points.map(({ containers }) => containers),
    panel.left,
    panel.width - 14,
  );
  const y = scale(
    points.map(({ value }) => value),
    panel.height - panel.bottom,
    panel.top,
  );
  const dots = points.map(({ containers, value }) => ({ x: x(containers), y: y(value), containers, value }));
  const bottom = panel.height - panel.bottom;
  return [
    `<text x="${panel.left}" y="16" font-size="11">${title}</text>`,
    `<line class="axis" x1="${panel.left}" x2="${panel.width - 8}" y1="${bottom}" y2="${bottom}" stroke-opacity="0.5"/>`,
    `<polyline fill="none" stroke="${teal}" stroke-width="2" points="${dots.map((dot) => `${round(dot.x)},${round(dot.y)}`).join(' ')}"/>`,
    ...dots.map(
      (dot) =>
        `<circle cx="${round(dot.x)}" cy="${round(dot.y)}" r="3" fill="${teal}"/>` +
        `<text x="${round(dot.x)}" y="${round(dot.y - 7)}" font-size="9" text-anchor="middle">${short(dot.value)}</text>` +
        `<text x="${round(dot.x)}" y="${bottom + 14}" font-size="9" text-anchor="middle">${short(dot.containers)}</text>`,
    ),
  ].join('');
}

/** A logarithmic scale onto the range. It spans at least a factor of ten, so that noise does not look like growth. */
function scale(values: readonly number[], from: number, to: number): (value: number) => number {
  const logs = values.map((value) => Math.log10(Math.max(value, 1e-3)));
  const low = Math.min(...logs);
  const span = Math.max(1, Math.max(...logs) - low);
  return (value) => from + ((Math.log10(Math.max(value, 1e-3)) - low) / span) * (to - from);
}

function short(value: number): string {
  if (value >= 1_000) return `${Number((value / 1_000).toPrecision(2))}k`;
  return String(Number(value.toPrecision(2)));
}

function round(value: number): string {
  return value.toFixed(1);
}
