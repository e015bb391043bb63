import type { Columns } from '../data/history.ts';
import { count, rate } from '../format.ts';
import { Chart } from './chart.tsx';

/**
 * Charts of bytes and sessions over the last five minutes. `held`: the clients that wait now, shown when there are any.
 */
export function TrafficCharts({ columns, held }: { readonly columns: Columns; readonly held: number }) {
  const { seconds, up, down, active } = columns;
  return (
    <div class="charts">
      <Chart
        title="Throughput"
        seconds={seconds}
        format={rate}
        atLeast={1000}
        lines={[
          { label: 'to clients', colour: '--series-1', values: down, filled: true },
          { label: 'from clients', colour: '--series-2', values: up },
        ]}
      />
      <Chart
        title="Connections"
        seconds={seconds}
        format={count}
        atLeast={4}
        note={held > 0 ? `${count(held)} held` : undefined}
        lines={[{ label: 'open', colour: '--series-1', values: active, filled: true }]}
      />
    </div>
  );
}
