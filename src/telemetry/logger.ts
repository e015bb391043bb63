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

/** `destination` receives whole lines. It is standard error unless given, so that standard output stays for results. */
export function createLogger({ level, format, destination }: LoggerOptions): Logger {
  if (destination) return loggerTo(destination, level, format);
  const own = standardError();
  const logger = loggerTo(own, level, format);
  own.onCaughtUp((dropped) =>
    logger.warn({ event: 'log-dropped', dropped }, `${dropped} log lines were dropped: they were not read fast enough`),
  );
  return logger;
}

function loggerTo(destination: DestinationStream, level: LogLevel, format: LogFormat): Logger {
  return pino({ level, base: null }, format === 'json' ? destination : prettified(destination));
}

function prettified(destination: DestinationStream): DestinationStream {
  const pretty = prettyFactory({ translateTime: 'SYS:HH:MM:ss.l', hideObject: true, colorize: process.stderr.isTTY });
  return { write: (line) => destination.write(pretty(line)) };
}
