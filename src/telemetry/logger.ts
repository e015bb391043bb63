import { pino, stdTimeFunctions, type DestinationStream } from 'pino';
import type { LogEvent } from './log-events.ts';
import { standardError } from './standard-error.ts';
import { lineLevels, textFormatter, type LineLevel, type TextStyle } from './text-line.ts';

/**
 * Writes log lines, each with an event and a message. Only shells get a `Logger`; pure code never logs.
 */
export type Logger = Readonly<Record<LineLevel, WriteLine>>;

type WriteLine = (fields: LogFields, message: string) => void;

export interface LogFields {
  readonly event: LogEvent;
  readonly [field: string]: unknown;
}

type LogLevel = LineLevel | 'silent';
export type LogFormat = 'json' | 'pretty';

export interface LoggerOptions {
  readonly level: LogLevel;
  readonly format: LogFormat;
  /** How lines for people look; without colours and with whole times unless given. */
  readonly style?: TextStyle;
  readonly destination?: DestinationStream;
}

/** A logger with the log that it writes to. */
export interface Log {
  readonly logger: Logger;
  /** The lines that were lost since the start because the log could not be written. */
  lostLines(): number;
  /** Resolves once all lines are written or can't be, at the latest after `patienceMs`. */
  flush(patienceMs: number): Promise<void>;
}

/** `destination` receives whole lines. It is standard error unless given, so that standard output stays for results. */
export function createLogger({ destination, ...options }: LoggerOptions): Logger {
  return destination ? loggerTo(destination, options) : openLog(options).logger;
}

/** Opens the log on standard error. */
export function openLog(options: Omit<LoggerOptions, 'destination'>): Log {
  const writer = standardError();
  const logger = loggerTo(writer, options);
  writer.onCaughtUp((dropped) =>
    logger.warn({ event: 'log-dropped', dropped }, `${dropped} log lines were lost: the log could not be written`),
  );
  return { logger, lostLines: () => writer.lost, flush: (patienceMs) => writer.flush(patienceMs) };
}

function loggerTo(destination: DestinationStream, { level, format, style = plainStyle }: LoggerOptions): Logger {
  if (format === 'pretty') return textLogger(destination, level, style);
  const formatters = { level: (label: string) => ({ level: label }) };
  return pino({ level, base: null, timestamp: stdTimeFunctions.isoTime, formatters }, destination);
}

const plainStyle: TextStyle = { colours: false, times: 'iso' };

function textLogger(destination: DestinationStream, lowest: LogLevel, style: TextStyle): Logger {
  const format = textFormatter(style);
  const shown = lowest === 'silent' ? [] : lineLevels.slice(lineLevels.indexOf(lowest));
  const writeLine = (level: LineLevel): WriteLine => {
    if (!shown.includes(level)) return () => {};
    return ({ state }, message) => {
      const line = { at: new Date(), level, message, ...(typeof state === 'string' && { state }) };
      destination.write(format(line));
    };
  };
  return { debug: writeLine('debug'), info: writeLine('info'), warn: writeLine('warn'), error: writeLine('error') };
}
