import 'uplot/dist/uPlot.min.css';
import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import { historyMs } from '../data/history.ts';

/**
 * One small chart over the last five minutes. Screen readers get one sentence in its place; the text beside the chart
 * holds the same figures.
 */
interface Line {
  readonly label: string;
  /** The custom property that holds its colour. */
  readonly colour: string;
  readonly values: readonly (number | null)[];
  readonly filled?: boolean;
}

export interface ChartProps {
  readonly title: string;
  readonly seconds: readonly number[];
  readonly lines: readonly Line[];
  readonly format: (value: number) => string;
  /** The y axis reaches at least to this value, so that a quiet line lies at the bottom. */
  readonly atLeast: number;
  readonly note?: string | undefined;
}

const height = 132;

export function Chart({ title, seconds, lines, format, atLeast, note }: ChartProps) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);

  useEffect(() => {
    const element = place.current;
    if (!element) return;
    const make = (): void => {
      plot.current?.destroy();
      plot.current = new uPlot(options(element, lines, format, atLeast), toData(seconds, lines), element);
    };
    make();
    const sizes = new ResizeObserver(() => plot.current?.setSize({ width: element.clientWidth, height }));
    sizes.observe(element);
    const scheme = matchMedia('(prefers-color-scheme: dark)');
    scheme.addEventListener('change', make);
    return () => {
      sizes.disconnect();
      scheme.removeEventListener('change', make);
      plot.current?.destroy();
      plot.current = undefined;
    };
  }, []);

  useEffect(() => {
    plot.current?.setData(toData(seconds, lines));
  }, [seconds, lines]);

  const now = lines.map((line) => `${line.label} ${format(lastOf(line.values))}`).join(', ');
  return (
    <div
      class="chart"
      role="img"
      aria-label={`${title} over the last five minutes. Now: ${now}${note === undefined ? '' : `, ${note}`}.`}
    >
      <div class="chart-head">
        <span class="chart-title">{title}</span>
        {lines.map((line) => (
          <span class="chart-now" key={line.label}>
            <i class={`swatch ${line.colour.slice(2)}`} />
            {line.label} <b>{format(lastOf(line.values))}</b>
          </span>
        ))}
        {note !== undefined && <span class="chart-note">{note}</span>}
      </div>
      <div class="chart-place" ref={place} />
    </div>
  );
}

function lastOf(values: readonly (number | null)[]): number {
  return values.at(-1) ?? 0;
}

function toData(seconds: readonly number[], lines: readonly Line[]): uPlot.AlignedData {
  return [[...seconds], ...lines.map((line) => [...line.values])];
}

function options(
  element: HTMLElement,
  lines: readonly Line[],
  format: (value: number) => string,
  atLeast: number,
): uPlot.Options {
  const colourOf = (name: string): string => resolveColour(element, name);
  const axis = {
    stroke: colourOf('--muted'),
    font: `11px ${getComputedStyle(element).fontFamily}`,
    grid: { stroke: colourOf('--line'), width: 1 },
    ticks: { show: false },
  };
  return {
    width: element.clientWidth,
    height,
    padding: [8, 14, 0, 0],
    legend: { show: false },
    cursor: { show: false },
    scales: {
      x: { range: (_, __, max) => [(max ?? Date.now() / 1000) - historyMs / 1000, max ?? Date.now() / 1000] },
      y: { range: (_, __, max) => [0, Math.max(atLeast, (max ?? 0) * 1.15)] },
    },
    axes: [
      { ...axis, grid: { show: false }, size: 24, incrs: [60], values: (_, splits) => splits.map(toClock) },
      { ...axis, size: 62, space: 34, gap: 6, values: (_, splits) => splits.map((value) => format(value)) },
    ],
    series: [
      {},
      ...lines.map((line) => ({
        label: line.label,
        stroke: colourOf(line.colour),
        width: 1.75,
        points: { show: false },
        ...(line.filled === true ? { fill: transparent(colourOf(line.colour)) } : {}),
      })),
    ],
  };
}

const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });

function toClock(seconds: number): string {
  return clock.format(seconds * 1000);
}

/** Reads a colour from an element's computed style: a canvas knows neither custom properties nor light-dark(). */
function resolveColour(element: HTMLElement, name: string): string {
  const before = element.style.color;
  element.style.color = `var(${name})`;
  const colour = getComputedStyle(element).color;
  element.style.color = before;
  return colour;
}

function transparent(rgb: string): string {
  return rgb.replace(/^rgb\((.*)\)$/, 'rgba($1, 0.14)');
}
