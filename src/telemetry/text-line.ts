import { painter, stateStyles, type Style } from '../text/paint.ts';
import { printable } from '../text/printable.ts';

/**
 * Formats log lines for people: time, level and message. The other fields are for programs, and are left out. Pure.
 */
export interface TextStyle {
  /** Whether levels and states are coloured. */
  readonly colours: boolean;
  /** `clock`: this machine's time of day, for a terminal; `iso`: ISO 8601 in UTC, for lines that are kept. */
  readonly times: 'clock' | 'iso';
}

export interface TextLine {
  readonly at: Date;
  readonly level: LineLevel;
  /** It may hold texts from containers, so control characters in it are written out. */
  readonly message: string;
  /** The state that the message says something has. */
  readonly state?: string | undefined;
}

export const lineLevels = ['debug', 'info', 'warn', 'error'] as const;
export type LineLevel = (typeof lineLevels)[number];

const levelStyles: Readonly<Record<LineLevel, Style>> = { debug: 'dim', info: 'green', warn: 'yellow', error: 'red' };

export function textFormatter({ colours, times }: TextStyle): (line: TextLine) => string {
  const paint = painter(colours);
  const timeOf = times === 'iso' ? (at: Date) => at.toISOString() : clockTime;
  /** Colours the state where the message says it, as in `api-1 in shop/api is ready: it answers`. */
  const withState = (message: string, state = ''): string => {
    const style = stateStyles[state];
    return style === undefined ? message : message.replace(` ${state}:`, ` ${paint(style, state)}:`);
  };
  return ({ at, level, message, state }) => {
    const label = paint(levelStyles[level], level.toUpperCase().padEnd(5));
    return `${paint('dim', timeOf(at))} ${label} ${withState(printable(message, Infinity), state)}\n`;
  };
}

/** `18:04:05.678`. */
function clockTime(at: Date): string {
  const [hours, minutes, seconds] = [at.getHours(), at.getMinutes(), at.getSeconds()].map((value) =>
    String(value).padStart(2, '0'),
  );
  return `${hours}:${minutes}:${seconds}.${String(at.getMilliseconds()).padStart(3, '0')}`;
}
