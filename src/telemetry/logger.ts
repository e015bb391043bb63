import { pino, type DestinationStream, type Logger as PinoLogger } from 'pino';
import { prettyFactory } from 'pino-pretty';

/**
 * The one place that knows how log lines are written. Modules get a `Logger`; only shells (never pure code) log.
 */
export type Logger = Pick<PinoLogger, 'debug' | 'info' | 'warn' | 'error'>;

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';
export type LogFormat = 'json' | 'pretty';

export interface LoggerOptions {
  readonly level: LogLevel;
  readonly format: LogFormat;
  readonly destination?: DestinationStream;
}

/** `destination` takes whole lines; standard error unless given, so that standard output stays for results. */
export function createLogger({ level, format, destination = standardError() }: LoggerOptions): PinoLogger {
  return pino({ level, base: null }, format === 'json' ? destination : prettified(destination));
}

/** Synchronous, so that the last words before an exit are not lost. */
function standardError(): DestinationStream {
  return pino.destination({ dest: 2, sync: true });
}

function prettified(destination: DestinationStream): DestinationStream {
  const pretty = prettyFactory({ translateTime: 'SYS:HH:MM:ss.l', hideObject: true, colorize: process.stderr.isTTY });
  return { write: (line) => destination.write(pretty(line)) };
}
