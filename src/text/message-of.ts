/** The message of a caught error; of another value, its text. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
