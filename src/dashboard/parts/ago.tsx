import { nowMs } from '../data/clock.ts';
import { duration } from '../format.ts';

/** Points in time. `at` is ISO 8601, as the API gives it. */
/** The time of day as logs print it: short, and aligned from line to line. */
const clockTime = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const fullTime = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });

/** The time since or until a moment, kept up to date; hovering shows the moment itself. */
export function Ago({ at }: { readonly at: string }) {
  const ms = Date.parse(at);
  return (
    <time dateTime={at} title={fullTime.format(ms)}>
      {duration(Math.abs(nowMs.value - ms))}
    </time>
  );
}

export function ClockTime({ at }: { readonly at: string }) {
  const ms = Date.parse(at);
  return (
    <time dateTime={at} title={fullTime.format(ms)}>
      {clockTime.format(ms)}
    </time>
  );
}
