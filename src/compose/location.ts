import { ConfigError } from '../config/config-error.ts';
import { printable } from '../text/printable.ts';

/** A place in a source file. Lines and columns count from 1; a column counts UTF-16 units, as editors do. */
export interface SourceLocation {
  /** The file's path for people: relative to the working folder where it is below it. Hostile text. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

export function formatLocation({ file, line, column }: SourceLocation): string {
  return `${printable(file, 400)}:${line}:${column}`;
}

/** Thrown for a compose file that compose itself would refuse. */
export class ComposeError extends ConfigError {
  readonly location: SourceLocation;
  /** The message without the location. */
  readonly complaint: string;

  constructor(location: SourceLocation, complaint: string, options?: ErrorOptions) {
    super(`${formatLocation(location)}: ${complaint}`, options);
    this.name = 'ComposeError';
    this.location = location;
    this.complaint = complaint;
  }
}
