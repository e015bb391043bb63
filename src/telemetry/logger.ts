import { pino, type DestinationStream } from 'pino';
import { prettyFactory } from 'pino-pretty';
import type { LogEvent } from './log-events.ts';
import { standardError } from './standard-error.ts';

/**
 * Writes log lines, each with an event and a message. Only shells get a `Logger`; pure code never logs.
 */
export type Logger = Readonly<Record<'debug' | 'info' | 'warn' | 'error', WriteLine>>;

type WriteLine = (fields: LogFields, message: string) => void;

export interface LogFields {
  readonly event: LogEvent;
  readonly [field: string]: unknown;
}

type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';
export type LogFormat = 'json' | 'pretty';

export interface LoggerOptions {
  readonly level: LogLevel;
  readonly format: LogFormat;
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
export function createLogger({ level, format, destination }: LoggerOptions): Logger {
  return destination ? loggerTo(destination, level, format) : openLog({ level, format }).logger;
}

/** Opens the log on standard error. */
export function openLog({ level, format }: Pick<LoggerOptions, 'level' | 'format'>): Log {
  const writer = standardError();
  const logger = loggerTo(writer, level, format);
  writer.onCaughtUp((dropped) =>
    logger.warn({ event: 'log-dropped', dropped }, `${dropped} log lines were lost: the log could not be written`),
  );
  return { logger, lostLines: () => writer.lost, flush: (patienceMs) => writer.flush(patienceMs) };
}

function loggerTo(destination: DestinationStream, level: LogLevel, format: LogFormat): Logger {
  return pino({ level, base: null }, format === 'json' ? destination : prettified(destination));
}

function prettified(destination: DestinationStream): DestinationStream {
  const pretty = prettyFactory({ translateTime: 'SYS:HH:MM:ss.l', hideObject: true, colorize: process.stderr.isTTY });
  return { write: (line) => destination.write(pretty(line)) };
}
