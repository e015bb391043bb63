import { pino, type DestinationStream, type Logger as PinoLogger } from 'pino';
import { PinoPretty } from 'pino-pretty';

/**
 * The one place that knows how log lines are written. Modules get a `Logger`; only shells (never pure code) log.
 */
export type Logger = Pick<PinoLogger, 'debug' | 'info' | 'warn' | 'error'>;

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';
export type LogFormat = 'json' | 'pretty';

/** `destination` is a stream of lines; standard error unless given, so that standard output stays for results. */
export function createLogger(options: {
  readonly level: LogLevel;
  readonly format: LogFormat;
  readonly destination?: DestinationStream;
}): PinoLogger {
  const destination = options.destination ?? pino.destination({ dest: 2, sync: true });
  const settings = { level: options.level, base: null };
  if (options.format === 'json') return pino(settings, destination);
  return pino(
    settings,
    PinoPretty({ destination, translateTime: 'SYS:HH:MM:ss.l', hideObject: true, colorize: process.stderr.isTTY }),
  );
}
