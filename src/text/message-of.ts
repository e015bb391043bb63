/** The message of a caught error, or the text of a caught value that is not an Error. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
