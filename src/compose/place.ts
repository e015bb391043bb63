import { ConfigError } from '../config/config-error.ts';
import { printable } from '../text/printable.ts';

/** A place in a file. Lines and columns count from 1; a column counts UTF-16 units, as editors do. */
export interface Place {
  /** The file's path for people: relative to the working folder where it is below it. Hostile text. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

export function formatPlace({ file, line, column }: Place): string {
  return `${printable(file, 400)}:${line}:${column}`;
}

/** Thrown for a compose file that compose itself would refuse. */
export class ComposeError extends ConfigError {
  readonly place: Place;
  /** The message without the place. */
  readonly complaint: string;

  constructor(place: Place, complaint: string) {
    super(`${formatPlace(place)}: ${complaint}`);
    this.name = 'ComposeError';
    this.place = place;
    this.complaint = complaint;
  }
}
